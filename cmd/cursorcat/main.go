// The cursorcat command prints what was written to a rotated log file since
// the last time, as journalctl does for the journal.
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
	AfterCursor string      `placeholder:"C" help:"Begin after the position that an earlier run has shown."`
	CursorFile  string      `placeholder:"CURSOR" help:"Begin after the position in the file CURSOR, if there is one. CURSOR is not written."`
	ShowCursor  bool        `help:"Print the cursor after the last line: -- cursor: C"`
	Reread      bool        `help:"Print a line before others that may have been printed before: -- reread"`
	Olddir      []string    `sep:"none" placeholder:"DIR" help:"Look for rotated copies in DIR, too."`
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

// after is the cursor to begin after. A cursor file that is damaged has none,
// even if one can be read in it: it may also name what was never published.
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
