package union

import (
	"fmt"
	"io"
	"math"
	"os"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/merge"
	"egress-monitor/lib/unnamed"
)

// A File is an aggregate that can be read more than once. It reads the file that
// was opened, even after a rename has put another in its place.
type File struct {
	name  string
	plain bool // we have written it: it has no trailer
	warn  func(batch.Skipped)
	from  *os.File // sorted
	check bool     // bad rows were not reported yet
}

// Open opens the named files as one aggregate. The name - is standard input, and
// so is no name. warn gets the lines that cannot be used, once for each file.
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

// openSorted opens a sorted file. It returns nil if the file is not sorted, or is
// no regular file.
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

// label returns the name of the file in messages, also if it was made of several.
func label(names []string) string {
	switch {
	case len(names) > 1:
		return "all files, sorted"
	case len(names) == 0 || names[0] == "-":
		return "standard input, sorted"
	}
	return names[0] + ", sorted"
}

// Close closes the file.
func (f *File) Close() { f.from.Close() } // was only read, or has no name

// Rows reads the file from its beginning.
func (f *File) Rows() *Reader { return &Reader{in: f.lines(), file: f} }

func (f *File) lines() *batch.Scanner {
	in := batch.NewScanner(io.NewSectionReader(f.from, 0, math.MaxInt64), f.name)
	in.Max, in.Plain = aggregate.MaxRow, f.plain
	return in
}

// Stream reads a file in its own order, which may be any; keys may be repeated.
func Stream(warn func(batch.Skipped), name string) *Reader {
	in := batch.Open([]string{name})
	in.Max = aggregate.MaxRow
	return &Reader{in: in, file: &File{warn: warn, check: true}}
}
