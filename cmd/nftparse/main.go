// The nftparse command turns the sets of nftables that count connections into
// records.
//
// Usage:
//
//	nft -j list set inet egress_monitor v4_7 | nftparse | aggmerge ...
//
// Only sets of addresses with counters are read.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/nftjson"
	"egress-monitor/lib/setcursor"
)

type command struct {
	Set         []string    `placeholder:"NAME" help:"Read only the sets with this name. May be repeated."`
	Now         time.Time   `placeholder:"RFC3339" help:"When the sets were listed. Default: the clock."`
	Cursor      string      `placeholder:"TOKEN" help:"Read the generation of sets that TOKEN names, and print TOKEN as the cursor if the listing is whole."`
	AfterCursor string      `placeholder:"TOKEN" help:"The generation that was read before."`
	CursorFile  string      `placeholder:"FILE" help:"The cursor file of aggmerge, with the generation that was read before."`
	Version     cli.Version `help:"Print the version and exit."`
	Files       []string    `arg:"" optional:"" name:"file" help:"Files to read. Default, or -: standard input."`
}

func (c *command) Validate() error {
	if _, ok := setcursor.Parse(c.Cursor); c.Cursor != "" && !ok {
		return fmt.Errorf("--cursor %.80q: not a generation of sets", c.Cursor)
	}
	if c.Cursor != "" && len(c.Set) > 0 {
		return errors.New("--cursor and --set: the cursor says which sets to read")
	}
	if c.Cursor == "" && c.AfterCursor+c.CursorFile != "" {
		return errors.New("--after-cursor and --cursor-file need --cursor")
	}
	return nil
}

func main() {
	cli.Main("nftparse", "Turn the sets of nftables that count connections into records.", &command{})
}

func (c *command) Run() error {
	if c.Now.IsZero() {
		c.Now = time.Now()
	}
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	if c.Cursor == "" {
		return c.convert(out)
	}
	return c.commit(out)
}

// convert prints the records of all sets that the command line names.
func (c *command) convert(out *bufio.Writer) error {
	l := newListing(c.Now, out, c.Set)
	if err := c.read(l.handler()); err != nil {
		return err
	}
	l.print()
	l.warn()
	return out.Flush()
}

// commit prints the records of one generation, and its cursor.
func (c *command) commit(out *bufio.Writer) error {
	next, _ := setcursor.Parse(c.Cursor)
	g := newGeneration(next, newListing(c.Now, out, nil))
	if err := c.read(g.handler()); err != nil {
		return err
	}
	after, err := c.after()
	if err != nil {
		return err
	}
	cursor, err := g.finish(after)
	if err != nil {
		return err
	}
	return batch.Finish(out, batch.Trailer{Cursor: cursor})
}

// after returns the cursor of the generation that was read before. Nothing in a
// damaged file is believed.
func (c *command) after() (string, error) {
	if c.CursorFile == "" {
		return c.AfterCursor, nil
	}
	f, err := batch.ReadFile(c.CursorFile)
	if errors.Is(err, batch.ErrDamaged) {
		return "damaged", nil
	}
	return f.Trailer.Cursor, err
}

func (c *command) read(h nftjson.Handler) error {
	if len(c.Files) == 0 {
		c.Files = []string{"-"}
	}
	for _, name := range c.Files {
		if err := readFile(name, h); err != nil {
			return err
		}
	}
	return nil
}

func readFile(name string, h nftjson.Handler) error {
	var in io.Reader = os.Stdin
	if name == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	if err := nftjson.Read(in, h); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
