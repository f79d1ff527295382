package main

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/carrier"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/journal"
	"egress-monitor/lib/logtoken"
	"egress-monitor/lib/tally"
)

// records sums records, and prints them.
type records struct {
	counts *tally.Table
	w      *bufio.Writer // keeps its first error for the end

	id   uint32 // entry in counts of the last line, valid if
	last bool   // it was counted
	tag  []byte // the program that wrote it, "" for the kernel,
	pid  uint32 // and its process
	from carrier.Facility
	some bool // at least one was
}

func newRecords(w io.Writer) *records {
	return &records{counts: tally.New(), w: bufio.NewWriterSize(w, 64<<10)}
}

func (r *records) add(dst []byte, e *journal.Entry) {
	r.id = r.counts.Add(dst, uint64(e.Times()), e.Time)
	r.some = true
	r.note(e)
	if r.counts.Full() {
		r.print()
	}
}

// addTo adds an entry for an address that counts has already.
func (r *records) addTo(id uint32, e *journal.Entry) {
	r.counts.AddTo(id, uint64(e.Times()), e.Time)
	r.id = id
	r.note(e)
}

// note notes who wrote the last line.
func (r *records) note(e *journal.Entry) {
	r.last, r.tag, r.from = true, r.tag[:0], carrier.Unsaid
	l := e.Line
	if l == nil {
		return
	}
	r.from = l.Facility
	if e.Source != journal.Kernel {
		r.tag, r.pid = append(r.tag, l.Tag...), l.PID
	}
}

// again counts "last message repeated N times". It returns false for another program's
// own message, and for one of another facility: daemons repeat that of the message.
func (r *records) again(e *journal.Entry) bool {
	l := e.Line
	if !l.ByDaemon() && (len(r.tag) == 0 || string(l.Tag) != string(r.tag) || l.PID != r.pid) {
		return false
	}
	if l.Facility != carrier.Unsaid && l.Facility != r.from {
		return false
	}
	if r.last && e.SameHost {
		r.counts.AddTo(r.id, uint64(l.Again), e.Time)
	}
	return true
}

func (r *records) print() error {
	r.last = false
	return r.counts.Print(false, func(record []byte) error {
		_, err := r.w.Write(record)
		return err
	})
}

// prompt is an input that prints all records before each read that may block.
type prompt struct {
	*batch.Scanner
	out *records
}

func (p prompt) Scan() bool {
	if !p.Buffered() && (p.out.print() != nil || p.out.w.Flush() != nil) {
		return false // Finish returns the error
	}
	return p.Scanner.Scan()
}

// gap counts lines that the kernel logged and journald could not read in time.
type gap struct {
	lines    int
	messages uint64
}

func (g *gap) note(e *journal.Entry) {
	if n, ok := e.Lost(); ok {
		g.lines++
		g.messages += n
	}
}

func (g *gap) warn() {
	if g.messages > 0 {
		cli.Warn("gap: the kernel log overran, %d messages were lost before journald read them", g.messages)
	} else if g.lines > 0 {
		cli.Warn("gap: the kernel log overran, messages were lost before journald read them")
	}
}

// trailer returns the trailer of the input, without its cursor if neither journalctl
// nor cursorcat can have printed that. With a damaged cursor all later polls would
// fail.
func (c *command) trailer(in *batch.Scanner) (batch.Trailer, error) {
	if c.Poll.reading != nil {
		return c.Poll.end(in)
	}
	cursor := in.Trailer().Cursor
	if cursor == "" || journal.ValidCursor(cursor) || logtoken.Valid([]byte(cursor)) {
		return batch.Trailer{Cursor: cursor}, nil
	}
	cli.Warn("%s: last line: cursor %.48q: not one of journalctl or cursorcat, and not passed on", in.Name(), cursor)
	return batch.Trailer{}, nil
}

// boot returns the time of the last boot, from which dmesg counts, in seconds since
// 1970; 0 if it is not known.
func (c *command) boot() int64 {
	text, err := os.ReadFile("/proc/uptime") // 3942.11 1234.50
	if err != nil {
		return 0
	}
	up, _, _ := strings.Cut(string(text), " ")
	seconds, err := strconv.ParseFloat(up, 64)
	if err != nil {
		return 0
	}
	return c.now().Add(-time.Duration(seconds * float64(time.Second))).Unix()
}

func (c *command) now() time.Time {
	if c.Now.IsZero() {
		return time.Now()
	}
	return c.Now
}
