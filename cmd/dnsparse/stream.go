package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/transact"
)

// print prints the records so far.
func print(log *transact.Tracker, out *bufio.Writer, flush bool) error {
	err := log.Print(func(record []byte) error {
		_, err := out.Write(literal(record))
		return err
	})
	if err == nil && flush {
		err = out.Flush()
	}
	return err
}

// literal is a record of a name as it was asked for: a question for "*.com"
// must not be taken for all that lies below com.
func literal(record []byte) []byte {
	key, rest, _ := bytes.Cut(record, []byte{' '})
	if name := fold.Literal(key); len(name) > len(key) {
		return append(append(name, ' '), rest...)
	}
	return record
}

// finish prints the rest, and the trailer if there is one.
func (c *command) finish(log *transact.Tracker, in *batch.Scanner, out *bufio.Writer) error {
	if k := in.Skipped(); k.Lines > 0 {
		cli.Warn("%v", k)
	}
	if log.Lost > 0 {
		cli.Warn("gap: dnsmasq could not write all lines: %q (%d such lines)", log.FirstLost, log.Lost)
	}
	if err := print(log, out, false); err != nil {
		return err
	}
	t := in.Trailer()
	t.Carry = log.Carry()
	return errors.Join(in.Err(), batch.Finish(out, t))
}

// restore takes up what was open at the end of the poll before.
func (c *command) restore(log *transact.Tracker) error {
	if c.Carry == "" {
		return nil
	}
	in := batch.Open([]string{c.Carry})
	for in.Scan() {
	}
	if err := in.Err(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	for _, carry := range in.Trailer().Carry {
		if err := log.Restore(carry); err != nil {
			cli.Warn("%s: %v: %s; skipped", c.Carry, err, short(carry))
		}
	}
	return nil
}

// because adds the line to the first error, which is the one that is shown.
func because(err error, in *batch.Scanner) error {
	if in.Skipped().Lines > 0 {
		return err
	}
	return fmt.Errorf("%w: %s", err, short(string(in.Bytes())))
}

// short quotes text, or the beginning of it.
func short(text string) string {
	const most = 60
	if len(text) > most {
		return fmt.Sprintf("%+q…", text[:most])
	}
	return fmt.Sprintf("%+q", text)
}
