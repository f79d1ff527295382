package transact

import (
	"errors"
	"strconv"
	"strings"

	"egress-monitor/lib/dnsmasq"
)

var errCarry = errors.New("not a carry line of this program")

const (
	maxSeconds = 1 << 40 // no time stamp is later
	maxName    = 16 << 10
)

// Restore takes one line that Carry returned. Call it for each of them, in their
// order, before the first line of the log. It returns an error, and changes
// nothing, if Carry does not print such a line.
func (t *Tracker) Restore(carry string) error {
	kind, rest, _ := strings.Cut(carry, " ")
	f := &fields{rest: strings.Split(rest, " ")}
	var restore func()
	switch kind {
	case "t":
		newest := f.number(maxSeconds)
		restore = func() { t.newest = newest }
	case "q", "a":
		restore = t.restoreQuestion(f, kind == "a")
	case "p":
		restore = t.restorePlain(f)
	case "b":
		restore = t.restoreBlock(f)
	default:
		return errCarry
	}
	if f.bad || len(f.rest) > 0 {
		return errCarry
	}
	restore()
	return nil
}

func (t *Tracker) restoreQuestion(f *fields, answered bool) func() {
	k := key{uint32(f.number(plainKey - 1)), uint32(f.number(1<<32 - 1))}
	typ := dnsmasq.Type(f.number(int64(dnsmasq.ANY)))
	f.bad = f.bad || typ == dnsmasq.OtherType
	asked, until, name := f.number(maxSeconds), f.number(maxSeconds), f.name()
	return func() {
		if at := t.open.find(k, nil); at != 0 {
			t.open.remove(at)
		}
		x := t.reopen(k, asked, until, name)
		x.wait[typ] = 1
		if x.answered = answered; answered {
			t.process(k.pid).last = ref{k, t.open.find(k, nil)}
		}
	}
}

func (t *Tracker) restorePlain(f *fields) func() {
	pid := uint32(f.number(plainKey - 1))
	wait := [4]uint8{0, uint8(f.number(255)), uint8(f.number(255)), uint8(f.number(255))}
	asked, until, name := f.number(maxSeconds), f.number(maxSeconds), f.name()
	return func() {
		k := plainKeyOf(pid, []byte(name))
		if at := t.open.find(k, []byte(name)); at != 0 {
			t.open.remove(at)
		}
		t.reopen(k, asked, until, name).wait = wait
	}
}

func (t *Tracker) reopen(k key, asked, until int64, name string) *transaction {
	at := t.open.add(k, asked, t.newest)
	t.open.setName(at, []byte(name))
	x := &t.open.list[at]
	x.until = until
	return x
}

func (t *Tracker) restoreBlock(f *fields) func() {
	pid, asked := uint32(f.number(plainKey-1)), dnsmasq.Type(f.number(int64(dnsmasq.ANY)))
	b := block{asked: asked, local: f.number(1) == 1, shape: shape(f.number(int64(something)))}
	b.links, b.tail, b.seen = uint8(f.number(255)), f.hash(f.text()), f.hashes()
	last, of := f.nameOrNone(), f.nameOrNone()
	return func() {
		p := t.process(pid)
		if last != none {
			p.last = t.pending(pid, []byte(last))
		}
		b.of = t.pending(pid, []byte(of))
		p.block = b
	}
}

// fields reads the fields of a carry line one after another. A field that cannot
// be read makes it bad.
type fields struct {
	rest []string
	bad  bool
}

func (f *fields) text() (s string) {
	if len(f.rest) == 0 {
		f.bad = true
		return ""
	}
	s, f.rest = f.rest[0], f.rest[1:]
	return s
}

// number reads a decimal number from 0 to most.
func (f *fields) number(most int64) int64 {
	s := f.text()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > most || strconv.FormatInt(n, 10) != s {
		f.bad = true
		return 0
	}
	return n
}

func (f *fields) hash(s string) uint64 {
	h, err := strconv.ParseUint(s, 16, 64)
	f.bad = f.bad || err != nil
	return h
}

func (f *fields) hashes() (list []uint64) {
	s := f.text()
	if s == none {
		return nil
	}
	for h := range strings.SplitSeq(s, ",") {
		list = append(list, f.hash(h))
	}
	f.bad = f.bad || len(list) > maxSeen
	return list
}

func (f *fields) nameOrNone() string {
	if len(f.rest) > 0 && f.rest[0] == none {
		return f.text()
	}
	return f.name()
}

// name reads a name in canonical form.
func (f *fields) name() string {
	s := f.text()
	f.bad = f.bad || len(s) > maxName || !dnsmasq.IsName([]byte(s))
	return s
}
