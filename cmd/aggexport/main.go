// The aggexport command prints records in the formats of others.
//
// Usage:
//
//	aggexport [--csv | --cof] [--joined] [FILE...]
package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/export"
)

type command struct {
	JSON    bool        `name:"json" xor:"format" help:"JSON lines (what is printed anyway)."`
	CSV     bool        `name:"csv" xor:"format" help:"CSV with a header."`
	COF     bool        `name:"cof" xor:"format" help:"Passive DNS, Common Output Format; rows of domains only."`
	Joined  bool        `help:"The rows are what aggjoin prints."`
	Version cli.Version `help:"Print the version and exit."`
	Files   []string    `arg:"" optional:"" name:"file" help:"Records or aggregates; - is standard input, and so is none."`
}

func (c *command) Validate() error {
	switch {
	case c.COF && c.Joined:
		return fmt.Errorf("--cof needs rows of domains, not of aggjoin")
	case len(c.Files) > 1 && slices.Contains(c.Files, "-"):
		return fmt.Errorf("standard input cannot be one of several files")
	}
	return nil
}

func main() {
	cli.Main("aggexport", "Print records as JSON lines, CSV or Passive DNS.", &command{})
}

func (c *command) Run() error {
	parse, format := export.Parse, c.format()
	if c.Joined {
		parse = export.ParseJoined
	}
	in, out := c.open(), bufio.NewWriterSize(os.Stdout, 64<<10)
	var buf []byte
	for in.Scan() {
		row, err := parse(in.Bytes())
		if err == nil {
			buf, err = format(buf[:0], row)
			if _, err := out.Write(buf); err != nil {
				return err
			}
		}
		if err != nil {
			in.Skip(err)
		}
	}
	if s := in.Skipped(); s.Lines > 0 {
		cli.Warn("%v", s)
	}
	if err := in.Err(); err != nil {
		return err
	}
	return out.Flush()
}

func (c *command) format() func([]byte, export.Row) ([]byte, error) {
	switch {
	case c.CSV:
		return new(export.CSV).Append
	case c.COF:
		return export.AppendCOF
	}
	return export.AppendJSON
}

func (c *command) open() *batch.Scanner {
	in := batch.Open(c.Files)
	in.Max = aggregate.MaxRow
	return in
}
