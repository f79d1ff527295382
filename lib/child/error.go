package child

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"strings"
)

// An Error is that a program failed: its name, how it ended, and the first line
// of what it had to say.
type Error struct {
	Name   string // of the program, without folders
	Status int    // the exit status; -1 if it did not run to its end
	Said   string // one line of printable ASCII, or nothing
	Err    error  // why it did not run to its end
}

func (e *Error) Error() string {
	text := e.Name + ": "
	switch {
	case e.Err != nil:
		text += e.Err.Error()
	default:
		text += fmt.Sprint("exit status ", e.Status)
	}
	if e.Said != "" {
		text += " (" + e.Said + ")"
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Status returns the exit status in an error of Output: 0 if it is nil, -1 if
// the program did not run to its end.
func Status(err error) int {
	var e *Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return e.Status
	}
	return -1
}

func (c *Cmd) failed(ctx context.Context, err error, stderr []byte) error {
	name := path.Base(c.Name)
	e := &Error{Name: name, Status: -1, Said: firstLine(name, stderr), Err: err}
	var exit *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		e.Err = fmt.Errorf("no end after %s; killed", cmp.Or(c.Timeout, defaultTimeout))
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case errors.As(err, &exit) && exit.Exited():
		e.Status, e.Err = exit.ExitCode(), nil
	case errors.As(err, &exit):
		e.Err = errors.New(exit.Error())
	}
	return e
}

// firstLine returns the first line that is not empty, without the program's own
// name and without what a terminal would obey.
func firstLine(name string, text []byte) string {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(Clean(line))
		line = strings.TrimPrefix(line, name+": ")
		if line != "" {
			return line[:min(len(line), 200)]
		}
	}
	return ""
}

// Clean returns text with a question mark for each byte that is not printable ASCII.
func Clean(text string) string {
	clean := []byte(strings.TrimRight(text, "\r\n"))
	for i, c := range clean {
		switch {
		case c == '\t':
			clean[i] = ' '
		case c < ' ' || c > '~':
			clean[i] = '?'
		}
	}
	return string(clean)
}
