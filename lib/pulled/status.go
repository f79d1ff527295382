package pulled

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"egress-monitor/lib/aggregate"
)

// A State is the result of a pull.
type State string

const (
	OK     State = "ok"
	Reset  State = "reset" // pulled, but counts fell: the server began anew
	Failed State = "failed"
)

// A Status is pull.status, a line a field:
//
//	time=2026-02-08T21:30:00Z      the last try
//	state=ok                       or reset, or failed
//	message=by rsync, unchanged    printable ASCII
//	pulled=2026-02-08T21:30:00Z    the last pull that did not fail; none if there was none
//
// The first egress-pull, a shell script, wrote no line pulled. In its place counts the
// time of the status or, if the last pull failed, a guess from the times of the files.
type Status struct {
	Time    time.Time
	State   State
	Message string
	Pulled  time.Time // zero if there was none
}

// maxStatus is how many bytes of a status are read.
const maxStatus = 4 << 10

// ReadStatus reads the status of the host in dir. Fields that are missing, or cannot
// be parsed, are zero.
func ReadStatus(dir string) (s Status) {
	f, err := OpenRegular(filepath.Join(dir, StatusFile))
	if err != nil {
		return s
	}
	defer f.Close() // was only read
	lines := bufio.NewScanner(io.LimitReader(f, maxStatus))
	for lines.Scan() {
		s.take(strings.TrimSpace(lines.Text()))
	}
	if s.Pulled.IsZero() {
		s.Pulled = s.guessed(dir)
	}
	return s
}

func (s *Status) take(line string) {
	key, value, _ := strings.Cut(line, "=")
	switch key {
	case "time":
		s.Time, _ = time.Parse(time.RFC3339, value) // else it is not known
	case "pulled":
		s.Pulled, _ = time.Parse(time.RFC3339, value)
	case "state":
		s.State = State(value)
	case "message":
		s.Message = value
	}
}

// guessed returns when the files came, if the status does not have it.
func (s Status) guessed(dir string) (at time.Time) {
	if s.State == OK || s.State == Reset {
		return s.Time
	}
	for _, name := range Files {
		if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.ModTime().After(at) {
			at = info.ModTime()
		}
	}
	return at.UTC().Truncate(time.Second)
}

// text returns the text of the file.
func (s Status) text() string {
	text := fmt.Sprintf("time=%s\nstate=%s\nmessage=%s\n", s.Time.UTC().Format(aggregate.TimeLayout), s.State, s.Message)
	if !s.Pulled.IsZero() {
		text += "pulled=" + s.Pulled.UTC().Format(aggregate.TimeLayout) + "\n"
	}
	return text
}
