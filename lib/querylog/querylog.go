// Package querylog looks whether our dnsmasq writes its log, without trust in
// any clock: only what is appended after a question was asked counts.
package querylog

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"
)

// most is how much of what was appended is looked at: a busy server writes some
// hundred kilobytes a second.
const most = 16 << 20

// A Log is a query log, and a place in it.
type Log struct {
	Name string
	Open func(name string) (*os.File, error) // as whom to read it

	file *os.File // the one that was the live log; a rename does not change it
	from int64
}

// Mark begins to look at what is appended from now on. The log need not be there
// yet.
func Mark(name string, open func(string) (*os.File, error)) *Log {
	l := &Log{Name: name, Open: open}
	if f, err := open(name); err == nil {
		l.file = f
		l.from, _ = f.Seek(0, io.SeekEnd) // 0: more is read than need be
	}
	return l
}

// Close ends it.
func (l *Log) Close() {
	if l.file != nil {
		l.file.Close() // was only read
	}
}

// Wait waits until the log has a question of type A for each of the names, for
// so long at most. It returns the names it has not seen; with an error if the
// log cannot be read.
func (l *Log) Wait(limit time.Duration, names ...string) (missing []string, err error) {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		missing, err = l.without(names)
		if len(missing) == 0 && err == nil || time.Now().After(end) {
			return missing, err
		}
	}
}

// without returns those of the names that the log has no question for.
func (l *Log) without(names []string) ([]string, error) {
	text, err := l.appended()
	if err != nil {
		return names, err
	}
	var missing []string
	for _, name := range names {
		if !bytes.Contains(text, []byte("query[A] "+name+" from ")) {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// appended returns what was written since the mark: to the file of then, and to
// the one that has its name now, if that is another.
func (l *Log) appended() ([]byte, error) {
	var text []byte
	if l.file != nil {
		info, err := l.file.Stat()
		if err != nil {
			return nil, err
		}
		if info.Size() < l.from { // truncated
			l.from = 0
		}
		if text, err = read(l.file, l.from); err != nil {
			return nil, err
		}
	}
	now, err := l.Open(l.Name)
	if err != nil {
		return text, err
	}
	defer now.Close()
	if same, err := sameFile(l.file, now); err != nil || same {
		return text, err
	}
	more, err := read(now, 0)
	return append(text, more...), err
}

func sameFile(a, b *os.File) (bool, error) {
	if a == nil {
		return false, nil
	}
	infoA, err := a.Stat()
	if err != nil {
		return false, err
	}
	infoB, err := b.Stat()
	if err != nil {
		return false, err
	}
	return os.SameFile(infoA, infoB), nil
}

func read(f *os.File, from int64) ([]byte, error) {
	text, err := io.ReadAll(io.NewSectionReader(f, from, most))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return text, nil
}
