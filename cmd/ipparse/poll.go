package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/counted"
	"egress-monitor/lib/position"
)

// A poll counts what is new of one boot of a journal, which journalctl has
// printed in form short-unix: see package position.
type poll struct {
	CursorFile string `placeholder:"FILE" help:"Count what is new after the position in FILE. The input is what journalctl -o short-unix --show-cursor prints of one boot, and a line -- end."`
	Seek       string `placeholder:"C" help:"What journalctl was told to look for: the last entry in FILE of a boot, or b=BOOT;m=0;t=0."`
	Counted    string `placeholder:"AGGREGATE" help:"If FILE has no position, what is not later than the newest time in AGGREGATE was counted."`
	KnownBoots string `placeholder:"LIST" help:"With this input, all boots of LIST are read."`
	Lines      int    `placeholder:"N" help:"If the input has N entries, there are more."`

	reading *position.Reading
	lost    string // why there is no position
	reset   int64  // up to then all counts as read: FILE cannot be trusted; 0 if it can
}

// Why there may be no position.
const (
	damaged = "it is damaged"
	gone    = "it is gone"
)

const (
	second = int64(time.Second / time.Microsecond)
	slack  = 60 * second // by which an entry may be ahead of the clock
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
	if from.Floor > now.UnixMicro()+slack { // of a clock that was wrong
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

// beginByTime begins where there is no position, but perhaps an aggregate. If
// the input begins at an entry that a damaged file names, it is left alone, and
// the position becomes a time.
func (p *poll) beginByTime(now time.Time, from position.Position) error {
	newest, err := p.newest(now)
	if err != nil {
		return err
	}
	what := "all that is kept counts"
	if newest != 0 {
		what = fmt.Sprintf("what is later than %s counts, the newest time in %s", time.UnixMicro(newest).UTC().Format(time.RFC3339), p.Counted)
	} else if p.lost == gone { // the first poll
		p.lost = ""
		return p.read(from)
	}
	p.lost += "; " + what
	if !position.IsFirst(p.Seek) {
		p.reset = max(1, newest)
		p.Seek = position.Seek(nobody)
	}
	return p.read(position.UpTo(newest))
}

// nobody is a boot that no journal has.
const nobody = "00000000000000000000000000000000"

// newest is the end of the last second that the aggregate has counted; 0 if
// there is none.
func (p *poll) newest(now time.Time) (micros int64, err error) {
	if p.Counted == "" {
		return 0, nil
	}
	unix, err := counted.Newest(p.Counted, now)
	if unix != 0 {
		micros = unix*second + second - 1
	}
	return micros, err
}

// isNew says whether the entry of a line is to be counted.
func (p *poll) isNew(line []byte) bool {
	if p.reading == nil {
		return true
	}
	return p.reading.New(micros(line)) && p.reset == 0
}

// micros reads the time of a line: 1795421100.980088, in microseconds.
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

// end is the trailer of the poll.
func (p *poll) end(in *batch.Scanner) (batch.Trailer, error) {
	cursor, name := in.Trailer().Cursor, in.Name()
	if cursor == "" && p.reading.Entries() > 0 || !in.Ended() {
		return batch.Trailer{}, fmt.Errorf("%s: %w", name, batch.ErrNoCursor)
	}
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
		// Nothing is new in any boot: it is said once something is.
	case p.reading.Gap() && cursor == "":
		p.gap("journalctl showed no entry, not even the one that was read last: the journal was emptied, has lost its end, or cannot be read")
	case p.reading.Gap():
		p.gap("the entry that was read last is gone; reading on at the oldest one after it")
	}
	return now.Trailer(), nil
}

func (p *poll) gap(what string) { cli.Warn("%s: gap: %s", p.CursorFile, what) }

// early makes stamps of clocks that had no idea of the year as long as others:
// journalctl prints them with blanks in front, and with blanks begin the further
// lines of a message, too, but many more.
//
//	5.000000 vm kernel: …
type early struct{ *batch.Scanner }

func (e early) Scan() bool {
	ok := e.Scanner.Scan()
	if line := e.Scanner.Bytes(); ok && len(line) > 17 && line[0] == ' ' {
		fill(line)
	}
	return ok
}

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
