// The aggmerge command merges records and aggregates into one, and, when told
// to, commits it together with the cursor up to which it counts.
//
// Usage:
//
//	aggmerge [FILE...]
//	aggmerge --into FILE [--cursor-file CURSOR --after-cursor C] [FILE...]
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/store"
	"egress-monitor/lib/union"
)

type command struct {
	Files          []string    `arg:"" optional:"" name:"file" help:"Records or aggregates. Default, or -: standard input."`
	Into           string      `placeholder:"FILE" help:"Merge into the aggregate FILE, and replace it."`
	CursorFile     string      `placeholder:"CURSOR" help:"Commit the cursor of the stream to CURSOR, in one step with --into."`
	AfterCursor    string      `placeholder:"C" help:"The cursor that the stream follows: commit only if it is the one in CURSOR."`
	ExpectCursor   bool        `help:"A stream that ends without a cursor line is an error even if it is empty."`
	ReplaceDamaged bool        `help:"Replace CURSOR if it is damaged: for a stream that was selected by time."`
	MaxRows        int         `placeholder:"N" help:"If there are more than N rows, fold the weakest of them. Default: no limit."`
	MaxIPs         int         `name:"max-ips" placeholder:"N" help:"Keep no more than N addresses of a row. Default: no limit."`
	Version        cli.Version `help:"Print the version and exit."`
}

func (c *command) Validate() error {
	if c.CursorFile != "" && c.Into == "" {
		return fmt.Errorf("--cursor-file needs --into")
	}
	if c.AfterCursor != "" && c.CursorFile == "" {
		return fmt.Errorf("--after-cursor needs --cursor-file")
	}
	if c.ReplaceDamaged && c.CursorFile == "" {
		return fmt.Errorf("--replace-damaged needs --cursor-file")
	}
	if c.MaxRows < 0 || c.MaxIPs < 0 || c.MaxIPs == 1 {
		return fmt.Errorf("--max-rows and --max-ips: a limit is 0 for none, or at least 1 row or 2 addresses")
	}
	return nil
}

func main() {
	cli.Main("aggmerge", "Merge records and aggregates; commit them with their cursor.", &command{})
}

func (c *command) Run() error {
	if c.Into == "" {
		inputs := c.newUnion(os.TempDir())
		defer inputs.Close()
		if err := inputs.AddFiles(c.Files); err != nil {
			return err
		}
		return inputs.Write(os.Stdout)
	}
	target := &store.Store{File: c.Into, Cursor: c.CursorFile, ReplaceDamaged: c.ReplaceDamaged}
	target.Missing = func(why string) {
		cli.Warn("%s: gap: %s; what was counted since is not in it", c.Into, why)
	}
	if err := target.Check(); err != nil {
		return err
	}
	if err := target.Recover(); err != nil {
		return err
	}
	inputs := c.newUnion(filepath.Dir(c.Into))
	defer inputs.Close()
	if c.CursorFile != "" {
		return c.commit(inputs, target)
	}
	if err := inputs.AddFiles(c.Files); err != nil || inputs.Empty() {
		return err
	}
	return target.Replace(inputs.Into)
}

// commit merges one stream, and its cursor with it.
func (c *command) commit(inputs *union.Union, target *store.Store) error {
	stream := batch.Open(c.Files)
	if err := inputs.AddStream(stream); err != nil {
		return err
	}
	t := stream.Trailer()
	if t.Cursor == "" && inputs.Empty() && !c.ExpectCursor {
		return nil // there was nothing new, and so no cursor either
	}
	if t.Cursor == "" {
		return fmt.Errorf("%s: %w", stream.Name(), batch.ErrNoCursor)
	}
	return target.Commit(c.AfterCursor, t, !inputs.Empty(), inputs.Into)
}

func (c *command) newUnion(dir string) *union.Union {
	u := union.New(dir, func(s batch.Skipped) { cli.Warn("%v", s) })
	u.Rows, u.IPs = c.MaxRows, c.MaxIPs
	u.Damaged = func(name string) {
		cli.Warn("%s: is not as it was written, though it was not written to since (a failing disk?): each row is checked", name)
	}
	return u
}
