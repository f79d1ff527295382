// Package rows reads aggregates for the filters that look at them: row by row,
// in the order of their keys, each key once, as often as a filter needs to.
//
// A file that is sorted, as every aggregate is, is read as a stream, whatever
// its size. Standard input, a pipe, a file that is not sorted, and several
// files at once are first made into one sorted file without a name, in bounded
// memory (see package union).
package rows

import (
	"fmt"
	"io"
	"math"
	"os"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/union"
)

// maxRow is the longest row: half a million addresses of one name.
const maxRow = 16 << 20

// A File is an aggregate that can be read more than once.
type File struct {
	name string
	warn func(batch.Skipped)

	sorted *os.File // nil if the named file itself is in order
	check  bool     // nobody was told of bad rows yet
}

// Open opens the aggregate that the named files are together. The name - is
// standard input, and so is no name. What cannot be used is told to warn, once
// for each file.
func Open(warn func(batch.Skipped), names ...string) (*File, error) {
	if len(names) == 1 && names[0] != "-" {
		sorted, err := inOrder(names[0])
		if err != nil || sorted {
			return &File{name: names[0], warn: warn, check: true}, err
		}
	}
	all := union.New(os.TempDir(), warn)
	defer all.Close()
	if err := all.AddFiles(names); err != nil {
		return nil, err
	}
	run, err := aggregate.UnnamedFile(os.TempDir())
	if err != nil {
		return nil, err
	}
	if err := all.Write(run); err != nil {
		run.Close() // has no name
		return nil, err
	}
	return &File{name: label(names), warn: warn, sorted: run, check: true}, nil
}

// label is what messages call a file that was made of others.
func label(names []string) string {
	switch {
	case len(names) > 1:
		return "all files, sorted"
	case len(names) == 0 || names[0] == "-":
		return "standard input, sorted"
	}
	return names[0] + ", sorted"
}

func inOrder(name string) (bool, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	in := batch.Open([]string{name})
	in.Max = maxRow
	sorted, err := aggregate.Sorted(in)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return sorted, err
}

// Close gives back what the file takes.
func (f *File) Close() {
	if f.sorted != nil {
		f.sorted.Close() // has no name, and was only read
	}
}

// Rows reads the file from its beginning.
func (f *File) Rows() *Reader {
	if f.sorted == nil {
		in := batch.Open([]string{f.name})
		in.Max = maxRow
		return &Reader{in: in, file: f}
	}
	in := batch.NewScanner(io.NewSectionReader(f.sorted, 0, math.MaxInt64), f.name)
	in.Max, in.Plain = maxRow, true
	return &Reader{in: in, file: f}
}

// Stream reads a file as it comes, in any order and with a key more than once.
func Stream(warn func(batch.Skipped), name string) *Reader {
	in := batch.Open([]string{name})
	if name == "-" {
		in = batch.Open(nil)
	}
	in.Max = maxRow
	return &Reader{in: in, file: &File{warn: warn, check: true}}
}
