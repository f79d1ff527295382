// Package querylog finds out whether our dnsmasq writes its log. It trusts no
// clock: only lines that are appended after a question was asked count.
package querylog

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

// A Log is a query log, and a position in it.
type Log struct {
	Name string
	Open func(name string) (*os.File, error) // opens a file with the rights of its reader

	file *os.File // the log at the time of Mark; it stays open after a rename
	from int64
}

// Mark returns a Log whose position is the end of the file. The file need not be
// there yet.
func Mark(name string, open func(string) (*os.File, error)) *Log {
	l := &Log{Name: name, Open: open}
	if f, err := open(name); err == nil {
		l.file = f
		l.from, _ = f.Seek(0, io.SeekEnd) // 0 after an error: the whole log is read
	}
	return l
}

// Close closes the file.
func (l *Log) Close() {
	if l.file != nil {
		l.file.Close() // was only read
	}
}

// Wait waits until the log has a question of type A for each of the names, but not
// longer than limit. It returns the names without a question, and an error if the
// log cannot be read.
func (l *Log) Wait(limit time.Duration, names ...string) (missing []string, err error) {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		missing, err = l.without(names)
		if len(missing) == 0 && err == nil || time.Now().After(end) {
			return missing, err
		}
	}
}

// without returns the names for which the log has no question.
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

// appended returns the bytes written since Mark, to the file of that time and to
// the file that has its name now, if that is another.
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
