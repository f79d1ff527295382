// Package gaps keeps what was lost, and when: root's own file, so that status
// need not search the journal, and nobody else's text is taken for ours.
//
// A line each: when it was noticed (RFC 3339, UTC), a space, what was said.
//
//	2026-02-08T21:30:00Z egress-ips: gap: the kernel log overran, 12 messages were lost
//
// The file keeps the newest 500 lines at least and 1,000 at most.
package gaps

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/renameio/v2"
)

const (
	keep    = 500
	most    = 2 * keep
	longest = 500 // bytes of a text
)

// A Gap is one line of the file.
type Gap struct {
	At   time.Time
	Text string
}

func (g Gap) String() string { return g.At.UTC().Format(time.RFC3339) + " " + g.Text }

// Tells reports whether a line that was said is about something lost: lines
// that are gone ("gap") or could not be used ("skipped").
func Tells(line string) bool {
	for word := range strings.FieldsFuncSeq(line, func(c rune) bool { return c < 'a' || c > 'z' }) {
		if word == "gap" || word == "skipped" {
			return true
		}
	}
	return false
}

// Blind is what a gap begins with while which check was critical: it warned
// then, and need not once all is well.
const Blind = "gap, told while it lasted: "

// A File is the file of that name, in a folder that is root's.
type File string

// Add writes a line at the end, on the disk when it returns.
func (f File) Add(g Gap) error {
	unlock, err := f.lock()
	if err != nil {
		return err
	}
	defer unlock()
	out, err := os.OpenFile(string(f), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	g.Text = oneLine(g.Text)
	_, err = fmt.Fprint(out, endOfTorn(out), g, "\n")
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	return f.trim()
}

// endOfTorn is the line feed that the last line lacks if it was torn.
func endOfTorn(f *os.File) string {
	last := []byte{'\n'}
	if size, err := f.Seek(0, io.SeekEnd); err == nil && size > 0 {
		f.ReadAt(last, size-1) // not read: as if it were whole
	}
	if last[0] == '\n' {
		return ""
	}
	return "\n"
}

// trim removes the oldest lines of a file that has become too long.
func (f File) trim() error {
	all, err := f.All()
	if err != nil || len(all) <= most {
		return err
	}
	var text strings.Builder
	for _, g := range all[len(all)-keep:] {
		fmt.Fprintln(&text, g)
	}
	return renameio.WriteFile(string(f), []byte(text.String()), 0o600)
}

// All returns every line, in the order in which they were added. What is no
// line of ours is left out.
func (f File) All() ([]Gap, error) {
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Gap
	for line := range strings.Lines(string(text)) {
		at, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if t, err := time.Parse(time.RFC3339, at); err == nil {
			all = append(all, Gap{t, rest})
		}
	}
	return all, nil
}

// lock lets one write at a time. The folder can be opened by root alone.
func (f File) lock() (unlock func(), err error) {
	dir, err := os.Open(filepath.Dir(string(f)))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
		dir.Close()
		return nil, fmt.Errorf("lock %s: %w", dir.Name(), err)
	}
	return func() { dir.Close() }, nil
}

// oneLine makes printable ASCII of a text, with an end.
func oneLine(text string) string {
	clean := []byte(text[:min(len(text), longest)])
	for i, c := range clean {
		if c < ' ' || c > '~' {
			clean[i] = '?'
		}
	}
	return string(clean)
}
