package ourdns

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"
)

// most is how many appended bytes are searched. A busy server writes some hundred
// kilobytes a second.
const most = 16 << 20

// A queryLog is a query log, and a position in it. No clock is trusted: only lines
// that are appended after the position count.
type queryLog struct {
	name string
	open func(name string) (*os.File, error) // opens a file with the rights of its reader

	file *os.File // the log at the time of mark; it stays open after a rename
	from int64
}

// mark returns a queryLog whose position is the end of the file. The file need not be
// there yet.
func mark(name string, open func(string) (*os.File, error)) *queryLog {
	l := &queryLog{name: name, open: open}
	if f, err := open(name); err == nil {
		l.file = f
		l.from, _ = f.Seek(0, io.SeekEnd) // 0 after an error: the whole log is read
	}
	return l
}

func (l *queryLog) close() {
	if l.file != nil {
		l.file.Close() // was only read
	}
}

// wait waits until the log has a question of type A for the name, but not longer than
// limit. It returns an error if the log cannot be read.
func (l *queryLog) wait(limit time.Duration, name string) (found bool, err error) {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		text, err := l.appended()
		found := bytes.Contains(text, []byte("query[A] "+name+" from "))
		if found && err == nil || time.Now().After(end) {
			return found, err
		}
	}
}

// appended returns the bytes written since mark, to the file of that time and to
// the file that has its name now, if that is another.
func (l *queryLog) appended() ([]byte, error) {
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
	now, err := l.open(l.name)
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
