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
	"fmt"
	"os"
	"slices"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/merge"
)

// A Union gathers inputs.
type Union struct {
	// Warn gets the lines that could not be used, once for each input.
	Warn func(batch.Skipped)
	// Damaged gets the name of an aggregate whose content has changed although
	// its size and time have not. It may be nil if there is no aggregate.
	Damaged func(name string)
	// Rows is how many rows the union may have, and IPs how many addresses a
	// row may have; 0 is no limit. Further ones are folded (package fold).
	Rows, IPs int

	dir    string
	stream *merge.Sorter
	buf    []byte   // to look through files
	files  []string // sorted
	narrow fold.Set // the narrow rows of the inputs
	early  bool     // foldEarly has made some of them
	full   int      // how often memory was full since foldEarly looked for some
	look   int      // how often memory is full before it looks again
	warned []string // the inputs that Warn has got
}

// New returns a Union that keeps what does not fit into memory in dir.
func New(dir string, warn func(batch.Skipped)) *Union {
	u := &Union{Warn: warn, dir: dir}
	u.stream = u.newSorter()
	return u
}

func (u *Union) newSorter() *merge.Sorter { return merge.NewSorter(u.dir, maxRuns(), u.shorten) }

// Close removes the temporary files of the inputs.
func (u *Union) Close() { u.stream.Close() }

// Empty reports whether there is nothing to merge.
func (u *Union) Empty() bool { return u.stream.Empty() && len(u.files) == 0 }

// AddFiles adds files. The name - is standard input, and so is no name at all.
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

// sorted reports whether a file is sorted. All files are read into one buffer:
// with a new buffer for each the kernel has to clear pages, which took a fourth
// of the time of a thousand small files.
func (u *Union) sorted(name string) (bool, error) {
	if u.buf == nil {
		u.buf = make([]byte, 64<<10)
	}
	in := lines(name)
	in.Use(u.buf)
	return merge.InOrder(in, u.note)
}

// AddStream adds records in any order, to the end of the stream.
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
	if u.Rows > 0 && u.stream.Full() {
		u.foldEarly()
	}
	if u.early {
		if top := u.narrow.Top(rec.Key); top != "" {
			rec.Key = []byte(top)
		}
	}
	return u.stream.Add(rec)
}

// foldEarly makes the narrow rows of owners that have more rows in memory than
// there may be in the end. Their later rows are then summed at once, instead of
// being sorted on disk: ten million names of one domain need no more memory than
// this. After a search in vain it waits twice as long before the next one: a
// search takes as long as reading the rows.
func (u *Union) foldEarly() {
	if u.full++; u.full < u.look {
		return
	}
	forced := fold.Forced(u.Rows, u.stream.Keys())
	if u.full = 0; len(forced) == 0 {
		u.look = max(2, 2*u.look)
	}
	for _, key := range forced {
		u.narrow.Add([]byte(key))
		u.early = true
	}
}

// warn calls Warn once for an input, though the input may be read several times.
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
