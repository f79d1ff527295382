// The cursorcat command prints the lines that were added to a rotated log file
// after a cursor, as journalctl does for the journal.
//
// Usage:
//
//	cursorcat [--after-cursor=C | --cursor-file=CURSOR] [--show-cursor] [--reread] [--olddir=DIR]... FILE
package main

import (
	"errors"
	"fmt"
	"os"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/logfile"
)

type command struct {
	AfterCursor string      `placeholder:"C" help:"Begin after the cursor C, which an earlier run printed."`
	CursorFile  string      `placeholder:"CURSOR" help:"Begin after the cursor in the file CURSOR, if it exists. CURSOR is only read."`
	ShowCursor  bool        `help:"Print the cursor after the last line: -- cursor: C"`
	Reread      bool        `help:"Print the line -- reread before lines that may have been printed before."`
	Olddir      []string    `sep:"none" placeholder:"DIR" help:"Search DIR for rotated copies as well. May be repeated."`
	File        string      `arg:"" help:"The log file."`
	Version     cli.Version `help:"Print the version and exit."`
}

func main() {
	cli.Main("cursorcat", "Print the lines of a rotated log file after a cursor.", &command{})
}

func (c *command) Validate() error {
	if c.AfterCursor != "" && c.CursorFile != "" {
		return fmt.Errorf("--after-cursor and --cursor-file: one of them is enough")
	}
	return nil
}

func (c *command) Run() error {
	after, err := c.after()
	if err != nil {
		return err
	}
	log := &logfile.Log{Path: c.File, OldDirs: c.Olddir, Reread: c.Reread, Gap: func(msg string) {
		cli.Warn("%s: gap: %s", c.File, msg)
	}}
	cursor, err := log.Copy(os.Stdout, after)
	if err != nil || !c.ShowCursor {
		return err
	}
	_, err = os.Stdout.Write(batch.Trailer{Cursor: cursor}.Append(nil))
	return err
}

// after returns the cursor to begin after. The cursor in a damaged file is not used:
// its aggregate may never have been published.
func (c *command) after() (string, error) {
	if c.CursorFile == "" {
		return c.AfterCursor, nil
	}
	file, err := batch.ReadFile(c.CursorFile)
	if errors.Is(err, batch.ErrDamaged) {
		cli.Warn("gap: %v; printing all that is retained", err)
		return "", nil
	}
	return file.Trailer.Cursor, err
}
