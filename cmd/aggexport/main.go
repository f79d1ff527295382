// The aggexport command prints records in the formats of others.
//
// Usage:
//
//	aggexport [--csv | --cof] [--[no-]joined] [FILE...]
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/export"
)

type command struct {
	JSON    bool        `name:"json" xor:"format" help:"JSON lines; the default."`
	CSV     bool        `name:"csv" xor:"format" help:"CSV with a header."`
	COF     bool        `name:"cof" xor:"format" help:"Passive DNS, Common Output Format; rows of domains only."`
	Joined  *bool       `negatable:"" help:"The rows were printed by aggjoin, or are records. Default: found out from the rows."`
	Version cli.Version `help:"Print the version and exit."`
	Files   []string    `arg:"" optional:"" name:"file" help:"Records or aggregates. Default, or -: standard input."`
}

func (c *command) Validate() error {
	switch {
	case c.COF && c.Joined != nil && *c.Joined:
		return errCOF
	case len(c.Files) > 1 && slices.Contains(c.Files, "-"):
		return fmt.Errorf("standard input cannot be one of several files")
	}
	return nil
}

func main() {
	cli.Main("aggexport", "Print records as JSON lines, CSV or Passive DNS.", &command{})
}

func (c *command) Run() error {
	in, out := c.open(), bufio.NewWriterSize(os.Stdout, 64<<10)
	rows, cof := c.rows(in), &export.COF{}
	format := c.format(cof)
	var buf []byte
	for rows.Next() {
		if c.COF && rows.Row().Kind() == export.Joined {
			return errCOF
		}
		var err error
		if buf, err = format(buf[:0], rows.Row()); err != nil {
			rows.Skip(err)
		}
		if _, err := out.Write(buf); err != nil {
			return err
		}
	}
	if s := in.Skipped(); s.Lines > 0 {
		cli.Warn("%v", s)
	}
	for _, line := range cof.LeftOut() {
		cli.Warn("%s", line)
	}
	return errors.Join(rows.Err(), out.Flush())
}

// rows returns a reader of rows of the kind that the command line names.
func (c *command) rows(in *batch.Scanner) *export.Reader {
	if c.Joined != nil {
		return export.NewReaderOf(in, *c.Joined)
	}
	return export.NewReader(in)
}

var errCOF = errors.New("--cof needs rows of domains, not of aggjoin")

func (c *command) format(cof *export.COF) func([]byte, export.Row) ([]byte, error) {
	switch {
	case c.CSV:
		return new(export.CSV).Append
	case c.COF:
		return cof.Append
	}
	return export.AppendJSON
}

func (c *command) open() *batch.Scanner {
	in := batch.Open(c.Files)
	in.Max = aggregate.MaxRow
	return in
}
