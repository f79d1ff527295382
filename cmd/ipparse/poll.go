package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/position"
)

// A poll counts the new entries of one boot of a journal, which journalctl prints in
// the form short-unix: see package position.
type poll struct {
	CursorFile string `placeholder:"FILE" help:"Count the entries after the position in FILE. The input is the output of journalctl -o short-unix --show-cursor for one boot, and a line -- end."`
	Seek       string `placeholder:"C" help:"The cursor that journalctl was given: the place of a boot in FILE, or b=BOOT;m=0;t=0 for its first entry."`
	Counted    string `placeholder:"AGGREGATE" help:"If FILE has no position, count only entries later than the newest time in AGGREGATE."`
	KnownBoots string `placeholder:"LIST" help:"After this input, all boots in LIST are read."`
	Lines      int    `placeholder:"N" help:"The limit that journalctl was given: if the input has N entries, there may be more."`

	reading *position.Reading
	lost    string // why there is no position, "" if there is one
	reset   int64  // FILE cannot be trusted: the new position is this time; 0 if it can
}

// Why there may be no position.
const (
	damaged = "it is damaged"
	gone    = "it is gone"
)

const (
	second = int64(time.Second / time.Microsecond)
	slack  = 60 * second // how far an entry may be ahead of the clock
)

// begin reads the position.
func (p *poll) begin(now time.Time) error {
	if p.CursorFile == "" {
		return nil
	}
	file, err := batch.ReadFile(p.CursorFile)
	if err != nil && !errors.Is(err, batch.ErrDamaged) {
		return err
	}
	from, ok := position.Parse(file.Trailer)
	switch {
	case err != nil || !ok:
		p.lost = damaged
	case from.Token == "":
		p.lost = gone
	}
	if p.lost != "" {
		return p.beginByTime(now, from)
	}
	if from.Floor > now.UnixMicro()+slack { // made while the clock was wrong
		if from.Floor, err = p.newest(now); err != nil {
			return err
		}
	}
	return p.read(from)
}

func (p *poll) read(from position.Position) (err error) {
	if p.reading, err = from.Read(p.Seek); err != nil {
		err = fmt.Errorf("%s: --seek=%.300q: %w", p.CursorFile, p.Seek, err)
	}
	return err
}

// beginByTime begins without a position, from the newest time in the aggregate if
// there is one. If the input begins at an entry that a damaged file names, none of it
// is counted, and the new position is that time.
func (p *poll) beginByTime(now time.Time, from position.Position) error {
	newest, err := p.newest(now)
	if err != nil {
		return err
	}
	what := "all entries are counted"
	if newest != 0 {
		what = fmt.Sprintf("only entries later than %s are counted, the newest time in %s", time.UnixMicro(newest).UTC().Format(time.RFC3339), p.Counted)
	} else if p.lost == gone { // the first poll
		p.lost = ""
		return p.read(from)
	}
	p.lost += "; " + what
	if !position.IsFirst(p.Seek) {
		p.reset = max(1, newest)
		p.Seek = position.Seek(noBoot)
	}
	return p.read(position.UpTo(newest))
}

// noBoot is a boot that no journal has.
const noBoot = "00000000000000000000000000000000"

// newest returns the end of the last second that the aggregate has counted, in
// microseconds since 1970; 0 if there is none.
func (p *poll) newest(now time.Time) (micros int64, err error) {
	if p.Counted == "" {
		return 0, nil
	}
	unix, err := position.Newest(p.Counted, now)
	if unix != 0 {
		micros = unix*second + second - 1
	}
	return micros, err
}

// isNew reports whether the entry of a line is to be counted.
func (p *poll) isNew(line []byte) bool {
	if p.reading == nil {
		return true
	}
	return p.reading.New(micros(line)) && p.reset == 0
}

// micros returns the time of a line (1795421100.980088) in microseconds since 1970.
func micros(line []byte) (n int64) {
	for i, c := range line {
		switch {
		case c-'0' <= 9 && i < 18:
			n = n*10 + int64(c-'0')
		case c == '.':
		default:
			return n
		}
	}
	return n
}

// complete reports whether journalctl has shown all that it should.
func (p *poll) complete(in *batch.Scanner) bool {
	return in.Ended() && (in.Trailer().Cursor != "" || p.reading.Entries() == 0)
}

// end returns the trailer of the poll, and reports gaps.
func (p *poll) end(in *batch.Scanner) (batch.Trailer, error) {
	cursor, name := in.Trailer().Cursor, in.Name()
	if p.reset != 0 {
		p.gap(p.lost)
		return position.UpTo(p.reset).Trailer(), nil
	}
	now, err := p.reading.End(cursor, p.Lines, strings.Fields(p.KnownBoots))
	switch {
	case err != nil:
		return batch.Trailer{}, fmt.Errorf("%s: last line: cursor %.300q: %w", name, cursor, err)
	case p.lost != "" && cursor != "":
		p.gap(p.lost)
	case p.reading.Gap() && cursor == "" && p.KnownBoots != "":
		// No boot has a new entry. The gap is reported when one has.
	case p.reading.Gap() && cursor == "":
		p.gap("journalctl showed no entry, not even the one that was read last: the journal was emptied, has lost its end, or cannot be read")
	case p.reading.Gap():
		p.gap("the entry that was read last is gone; reading on at the oldest one after it")
	}
	return now.Trailer(), nil
}

func (p *poll) gap(what string) { cli.Warn("%s: gap: %s", p.CursorFile, what) }

// early replaces the spaces before a short time stamp by zeros. journalctl pads the
// stamps of a clock that began in 1970 with spaces:
//
//	5.000000 vm kernel: …
//
// The further lines of a message begin with spaces as well, but with more of them.
type early struct{ *batch.Scanner }

func (e early) Scan() bool {
	ok := e.Scanner.Scan()
	if line := e.Scanner.Bytes(); ok && len(line) > 17 && line[0] == ' ' {
		fill(line)
	}
	return ok
}

// fill does that for a line.
func fill(line []byte) {
	n := len("1795421100")
	digits := bytes.TrimLeft(line[:n], " ")
	if len(digits) == 0 || !isDigits(digits) || line[n] != '.' || !isDigits(line[n+1:n+7]) || line[n+7] != ' ' {
		return
	}
	for i := range n - len(digits) {
		line[i] = '0'
	}
}

func isDigits(b []byte) bool { return len(bytes.Trim(b, "0123456789")) == 0 }
