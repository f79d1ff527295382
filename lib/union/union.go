// Package union makes one aggregate of any number of inputs: files, which are
// read as streams while they are sorted, and streams of records in any order.
//
// Each input file is read twice: once before the merge, to check that it is
// sorted. A merge that met the first unsorted line when half of its output is
// written could not take that half back.
//
// Filters read aggregates here too (File, Reader, Join): row by row, in the
// order of their keys, each key once, as often as a filter needs. A sorted file
// is read as a stream, whatever its size. Standard input, a pipe, an unsorted
// file, and several files at once are first made into one sorted file without a
// name, in bounded memory.
package union

import (
	"egress-monitor/lib/merge"
	"fmt"
	"io"
	"os"
	"slices"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
)

// A Union gathers inputs.
type Union struct {
	// Warn is told once for each input what could not be used.
	Warn func(batch.Skipped)
	// Damaged is told of an aggregate that is not as we have written it, though
	// it looks so. It need not be set where there is none.
	Damaged func(name string)
	// Rows is how many rows the union may have, and IPs how many addresses a
	// row; 0 is no limit. What is more is folded (package fold).
	Rows, IPs int

	dir    string
	stream *merge.Sorter
	look   []byte
	files  []string // sorted
	merged []*os.File
	narrow fold.Set // the narrow rows of the inputs
	early  bool     // some were made before the end of the inputs
	varied bool     // there are too many owners to do so
	warned []string // what was told to Warn
}

// New returns a Union that keeps what does not fit into memory in dir.
func New(dir string, warn func(batch.Skipped)) *Union {
	u := &Union{Warn: warn, dir: dir}
	u.stream = u.newSorter()
	return u
}

func (u *Union) newSorter() *merge.Sorter {
	s := merge.NewSorter(u.dir, func(run io.Reader) merge.Lines { return scan(run) })
	s.Shorten, s.Runs = u.shortenList, maxRuns()
	return s
}

// Close gives back what the inputs take on disk.
func (u *Union) Close() {
	u.stream.Close()
	for _, f := range u.merged {
		f.Close() // has no name, and was only read
	}
}

// Empty reports whether there is nothing to merge.
func (u *Union) Empty() bool { return u.stream.Empty() && len(u.files) == 0 }

// AddFiles takes files. The name - stands for standard input, and so does no
// name at all.
func (u *Union) AddFiles(names []string) error {
	if len(names) == 0 {
		names = []string{"-"}
	}
	for _, name := range names {
		if err := u.addFile(name); err != nil {
			return err
		}
	}
	return nil
}

func (u *Union) addFile(name string) error {
	if name == "-" {
		return u.AddStream(batch.Open(nil))
	}
	if info, err := os.Stat(name); err != nil {
		return err
	} else if info.Mode().IsRegular() {
		if sorted, err := u.sorted(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		} else if sorted {
			u.files = append(u.files, name)
			return nil
		}
	}
	return u.AddStream(lines(name))
}

// sorted looks through a file. All files are read into one buffer: the kernel
// clears the pages of a new one, and a fourth of the time that a thousand small
// files take went there.
func (u *Union) sorted(name string) (bool, error) {
	if u.look == nil {
		u.look = make([]byte, 64<<10)
	}
	in := lines(name)
	in.Use(u.look)
	return merge.InOrder(in, u.note)
}

// AddStream takes records in any order, to the end of the stream.
func (u *Union) AddStream(in *batch.Scanner) error {
	in.Max = aggregate.MaxRow
	if err := u.addRecords(in); err != nil {
		return err
	}
	u.warn(in)
	return nil
}

func (u *Union) addRecords(in *batch.Scanner) error {
	for in.Scan() {
		rec, err := aggregate.Parse(in.Bytes())
		if err != nil {
			in.Skip(err)
			continue
		}
		if err := u.add(rec); err != nil {
			return err
		}
	}
	return in.Err()
}

func (u *Union) add(rec aggregate.Record) error {
	u.narrow.Add(rec.Key)
	if u.mayBeLong(rec.Len()) {
		rec.IPs = u.shortenList(rec.IPs)
	}
	if u.Rows > 0 && u.stream.Full() && !u.varied {
		u.foldEarly()
	}
	if u.early {
		if top := u.narrow.Top(rec.Key); top != "" {
			rec.Key = []byte(top)
		}
	}
	return u.stream.Add(rec)
}

// foldEarly folds a family of which there are more rows in memory than there
// may be in the end. What comes of it later is summed at once then, instead of
// being sorted on disk: ten million names of one domain need no more than this.
func (u *Union) foldEarly() {
	forced, ok := fold.Forced(u.Rows, u.stream.Keys())
	u.varied = !ok
	for _, key := range forced {
		u.narrow.Add([]byte(key))
		u.early = true
	}
}

// warn tells once what of an input could not be used, which may be read again.
func (u *Union) warn(in *batch.Scanner) {
	s := in.Skipped()
	if s.Lines == 0 || slices.Contains(u.warned, s.First.Error()) {
		return
	}
	u.warned = append(u.warned, s.First.Error())
	u.Warn(s)
}

func lines(name string) *batch.Scanner {
	in := batch.Open([]string{name})
	in.Max = aggregate.MaxRow
	return in
}

// scan reads a run of our own.
func scan(run io.Reader) *batch.Scanner {
	in := batch.NewScanner(again{run}, "a sorted run")
	in.Max, in.Plain = aggregate.MaxRow, true
	return in
}

// again is a file that a Scanner does not close at its end.
type again struct{ io.Reader }
