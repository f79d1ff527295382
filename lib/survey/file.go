package survey

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/flood"
)

// A File holds the facts about one of the two files.
type File struct {
	Name     string
	State    Readable
	Bytes    int64
	Rows     int
	Canary   time.Time // the latest time of its canaries; zero: none
	Poll     time.Time // when its cursor was last moved; zero: never
	Rejected int       // damaged rows that were set aside
	Aside    time.Time // the last time at which rows were set aside

	Future     int    // rows whose time is more than a minute ahead of the clock
	FutureKey  string // one of them
	FutureTime string

	Wide       int    // rows in which others were folded, whose names or addresses are gone
	WideKey    string // one of them
	Overflowed int    // names whose lists of addresses are not whole
	FullKey    string // one of them
}

// Readable is whether a file could be read.
type Readable int

const (
	Closed  Readable = iota // not for this user, or not looked at
	Missing                 // there is none
	Read
)

// number returns a number about the file; nil if it is not known.
func (f *File) number(n int64) *int64 {
	if f.State == Closed {
		return nil
	}
	return &n
}

// text returns number as text, or a word if it is not known.
func (f *File) text(n int64, unknown string) string {
	if f.State == Closed {
		return unknown
	}
	return strconv.FormatInt(n, 10)
}

// ahead is how far the time of a row may be ahead of the clock: other programs
// have stamped the lines.
const ahead = time.Minute

// read reads the aggregate.
func (f *File) read(open func(string) (*os.File, error), now time.Time) error {
	in, err := open(f.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.State = Missing
		return nil
	case errors.Is(err, fs.ErrPermission):
		return nil
	case err != nil:
		return err
	}
	defer in.Close()
	f.State = Read
	if info, err := in.Stat(); err == nil {
		f.Bytes = info.Size()
	}
	if err := f.times(in, now); err != nil {
		return err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	full, err := flood.Read(in, f.Name)
	if err != nil {
		return err
	}
	f.Wide, f.Overflowed = full.Wide, full.Overflowed
	if f.Wide > 0 {
		f.WideKey = full.WideRows[0].Key
	}
	if f.Overflowed > 0 {
		f.FullKey = full.OverflowedRows[0].Key
	}
	return nil
}

// times counts the rows, and those of the future. Times are compared as text: they
// sort as bytes.
func (f *File) times(in io.Reader, now time.Time) error {
	limit := now.Add(ahead).UTC().AppendFormat(nil, aggregate.TimeLayout)
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := r.ReadSlice('\n')
		if key, last, ok := stamped(line); ok && bytes.Compare(last, limit) > 0 {
			if f.Future++; f.FutureTime < string(last) {
				f.FutureKey, f.FutureTime = string(key), string(last)
			}
		}
		for errors.Is(err, bufio.ErrBufferFull) { // a long list of addresses
			_, err = r.ReadSlice('\n')
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f.Rows++
	}
}

// stamped returns the first and the third field of a row.
func stamped(line []byte) (key, last []byte, ok bool) {
	key, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok {
		return nil, nil, false
	}
	_, rest, ok = bytes.Cut(rest, []byte(" "))
	if !ok || len(rest) < len(aggregate.TimeLayout) {
		return nil, nil, false
	}
	return key, rest[:len(aggregate.TimeLayout)], rest[len(aggregate.TimeLayout)-1] == 'Z'
}

// beside reads the times of the cursor file and of FILE.rejected.
func (f *File) beside(open func(string) (*os.File, error), cursor string) {
	if info, err := statAs(open, cursor); err == nil {
		f.Poll = info.ModTime()
	}
	aside, err := open(f.Name + ".rejected")
	if err != nil {
		return // there is none, or it is not for us
	}
	defer aside.Close()
	if info, err := aside.Stat(); err == nil {
		f.Aside = info.ModTime()
	}
	r := bufio.NewReader(aside)
	for {
		line, err := r.ReadSlice('\n')
		if bytes.HasSuffix(line, []byte("\n")) {
			f.Rejected++
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

func statAs(open func(string) (*os.File, error), name string) (fs.FileInfo, error) {
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}
