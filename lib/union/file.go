package union

import (
	"egress-monitor/lib/merge"
	"egress-monitor/lib/unnamed"
	"fmt"
	"io"
	"math"
	"os"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
)

// A File is an aggregate that can be read more than once. It stays the one that
// was opened, also when another takes its place.
type File struct {
	name  string
	plain bool // it is our own, and no line of it a trailer
	warn  func(batch.Skipped)
	from  *os.File // sorted
	check bool     // nobody was told of bad rows yet
}

// Open opens the aggregate that the named files are together. The name - is
// standard input, and so is no name. What cannot be used is told to warn, once
// for each file.
func Open(warn func(batch.Skipped), names ...string) (*File, error) {
	if len(names) == 1 && names[0] != "-" {
		f, err := openSorted(warn, names[0])
		if f != nil || err != nil {
			return f, err
		}
	}
	all := New(os.TempDir(), warn)
	defer all.Close()
	if err := all.AddFiles(names); err != nil {
		return nil, err
	}
	run, err := unnamed.File(os.TempDir())
	if err != nil {
		return nil, err
	}
	if err := all.Write(run); err != nil {
		run.Close() // has no name
		return nil, err
	}
	return &File{name: label(names), plain: true, warn: warn, from: run, check: true}, nil
}

// openSorted opens a file that is in order; nil is one that is not, or no file.
func openSorted(warn func(batch.Skipped), name string) (*File, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	from, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	f := &File{name: name, warn: warn, from: from, check: true}
	sorted, err := merge.InOrder(f.lines(), nil)
	if sorted {
		return f, nil
	}
	from.Close() // was only read
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return nil, err
}

// label returns what messages call a file that was made of others.
func label(names []string) string {
	switch {
	case len(names) > 1:
		return "all files, sorted"
	case len(names) == 0 || names[0] == "-":
		return "standard input, sorted"
	}
	return names[0] + ", sorted"
}

// Close gives back what the file takes.
func (f *File) Close() { f.from.Close() } // was only read, or has no name

// Rows reads the file from its beginning.
func (f *File) Rows() *Reader { return &Reader{in: f.lines(), file: f} }

func (f *File) lines() *batch.Scanner {
	in := batch.NewScanner(io.NewSectionReader(f.from, 0, math.MaxInt64), f.name)
	in.Max, in.Plain = aggregate.MaxRow, f.plain
	return in
}

// Stream reads a file as it comes, in any order and with a key more than once.
func Stream(warn func(batch.Skipped), name string) *Reader {
	in := batch.Open([]string{name})
	in.Max = aggregate.MaxRow
	return &Reader{in: in, file: &File{warn: warn, check: true}}
}
