// The aggdiff command prints what an aggregate has that it did not have before.
//
// Usage:
//
//	aggdiff [--new] OLD NEW
//
// Its output consists of records: aggmerge OLD <(aggdiff OLD NEW) prints NEW.
package main

import (
	"bufio"
	"fmt"
	"os"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/diff"
	"egress-monitor/lib/union"
)

type command struct {
	New     bool        `help:"Only rows whose key was not there before."`
	Version cli.Version `help:"Print the version and exit."`
	Old     string      `arg:"" name:"old" help:"An earlier state of the aggregate; - is standard input."`
	Now     string      `arg:"" name:"new" help:"The aggregate; - is standard input."`
}

func (c *command) Validate() error {
	if c.Old == "-" && c.Now == "-" {
		return fmt.Errorf("only one of the two can be standard input")
	}
	return nil
}

func main() {
	cli.Main("aggdiff", "Print the rows of an aggregate that are new or have grown.", &command{})
}

func (c *command) Run() error {
	old, err := union.Open(warn, c.Old)
	if err != nil {
		return err
	}
	defer old.Close()
	now, err := union.Open(warn, c.Now)
	if err != nil {
		return err
	}
	defer now.Close()
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	var buf []byte
	err = diff.Each(old, now, func(row aggregate.Record, change diff.Change) error {
		if c.New && change != diff.New {
			return nil
		}
		buf = row.Append(buf[:0])
		_, err := out.Write(buf)
		return err
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func warn(s batch.Skipped) { cli.Warn("%v", s) }
