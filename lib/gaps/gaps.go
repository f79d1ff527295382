// Package gaps keeps the file of gaps: what was lost, and when. The file is root's
// own, so that status need not search the journal, where anybody can write.
//
// Each line is the time when the gap was noticed (RFC 3339, UTC), a space, and the
// message.
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

	"egress-monitor/lib/child"
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

// Tells reports whether a message is about a loss: of lines that are gone ("gap") or
// could not be used ("skipped").
func Tells(line string) bool {
	for word := range strings.FieldsFuncSeq(line, func(c rune) bool { return c < 'a' || c > 'z' }) {
		if word == "gap" || word == "skipped" {
			return true
		}
	}
	return false
}

// Blind begins the message of a gap during which check was critical. After the gap,
// check need not warn of it.
const Blind = "gap, told while it lasted: "

// Planned begins the message of a gap that the admin has caused, by a change of
// settings. It is no warning.
const Planned = "gap, planned: "

// Warns reports whether check should warn of a gap.
func (g Gap) Warns() bool {
	return !strings.HasPrefix(g.Text, Blind) && !strings.HasPrefix(g.Text, Planned)
}

// A File is the name of a file of gaps, in a folder of root's.
type File string

// Add appends a line, which is on the disk when Add returns.
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
	g.Text = child.Clean(g.Text[:min(len(g.Text), longest)])
	_, err = fmt.Fprint(out, endOfTorn(out), g, "\n")
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	return f.trim()
}

// endOfTorn returns the line feed that the last line lacks if its write was cut short.
func endOfTorn(f *os.File) string {
	last := []byte{'\n'}
	if size, err := f.Seek(0, io.SeekEnd); err == nil && size > 0 {
		f.ReadAt(last, size-1) // if this fails, the line counts as whole
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

// All returns the gaps in the order in which they were added. It skips lines of
// another form.
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

// lock lets one process write at a time. It locks the folder, which root alone can
// open.
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
