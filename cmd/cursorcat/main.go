// The cursorcat command prints what was written to a rotated log file since
// the last time, as journalctl does for the journal.
//
// Usage:
//
//	cursorcat [--after-cursor=C] [--show-cursor] [--olddir=DIR]... FILE
package main

import (
	"os"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/logfile"
)

type command struct {
	AfterCursor string      `placeholder:"C" help:"Begin after the position that an earlier run has shown."`
	ShowCursor  bool        `help:"Print the cursor after the last line: -- cursor: C"`
	Olddir      []string    `sep:"none" placeholder:"DIR" help:"Look for rotated copies in DIR, too."`
	File        string      `arg:"" help:"The log file."`
	Version     cli.Version `help:"Print the version and exit."`
}

func main() {
	cli.Main("cursorcat", "Print the lines of a rotated log file after a cursor.", &command{})
}

func (c *command) Run() error {
	log := &logfile.Log{Path: c.File, OldDirs: c.Olddir, Gap: func(msg string) {
		cli.Warn("%s: gap: %s", c.File, msg)
	}}
	cursor, err := log.Copy(os.Stdout, c.AfterCursor)
	if err != nil || !c.ShowCursor {
		return err
	}
	_, err = os.Stdout.Write(batch.Trailer{Cursor: cursor}.Append(nil))
	return err
}
