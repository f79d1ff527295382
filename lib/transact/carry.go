package transact

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"egress-monitor/lib/dnsmasq"
)

// maxCarry is the size limit of all carry lines but those of processes, in bytes.
const maxCarry = 512 << 10

// none marks a missing name. A canonical name never holds a comma.
const none = ","

// Carry returns the state that the next poll needs, as lines of text:
//
//	t NEWEST                                the latest time stamp
//	q PID SERIAL TYPE ASKED UNTIL NAME      an open query
//	a PID SERIAL TYPE ASKED UNTIL NAME      an answered query, whose answer may go on
//	p PID A AAAA ANY ASKED UNTIL NAME       plain: the number of queries of each type
//	b PID TYPE LOCAL SHAPE LINKS TAIL SEEN LASTNAME NAME
//	                                        plain: the last query of a process, and the block it writes
//
// Times are seconds since 1970. NEWEST tells which of two hours a stamp means when
// clocks are set back; a transaction is over after UNTIL.
func (t *Tracker) Carry() []string {
	if t.newest == 0 {
		return nil
	}
	var lines []string
	size := 0
	for at := t.open.list[0].older; at != 0; at = t.open.list[at].older {
		x := &t.open.list[at]
		if x.until < t.newest {
			continue
		}
		line := t.carryTransaction(at)
		if size += len(line); size > maxCarry {
			break // the oldest are left out
		}
		lines = append(lines, line)
	}
	lines = append(lines, fmt.Sprintf("t %d", t.newest))
	slices.Reverse(lines)
	return append(lines, t.carryProcesses()...)
}

func (t *Tracker) carryTransaction(at uint32) string {
	x, name := &t.open.list[at], t.open.nameOf(at)
	if x.plain() {
		w := x.wait[dnsmasq.A:]
		return fmt.Sprintf("p %d %d %d %d %d %d %s", x.pid&^plainKey, w[0], w[1], w[2], x.asked, x.until, name)
	}
	kind := "q"
	if x.answered {
		kind = "a"
	}
	return fmt.Sprintf("%s %d %d %d %d %d %s", kind, x.pid, x.serial, x.typ(), x.asked, x.until, name)
}

// carryProcesses returns the lines of processes; those that have not written for
// longest come first.
func (t *Tracker) carryProcesses() (lines []string) {
	list := slices.Clone(t.procs.list)
	slices.SortFunc(list, func(p, q process) int { return int(int64(p.used - q.used)) })
	for i := range list {
		p := &list[i]
		last, of := t.refName(p.last), t.refName(p.of)
		if last == none && of == none {
			continue
		}
		asked, local := p.asked, 0
		if last == none {
			asked = dnsmasq.OtherType
		}
		if p.local {
			local = 1
		}
		lines = append(lines, fmt.Sprintf("b %d %d %d %d %d %x %s %s %s",
			p.pid, asked, local, p.shape, p.links, p.tail, p.carrySeen(), last, of))
	}
	return lines
}

// refName returns the name of a transaction of a plain log, or none if it is not
// open.
func (t *Tracker) refName(r ref) string {
	if !r.plain() || t.alive(r) == nil {
		return none
	}
	return string(t.open.nameOf(r.at))
}

// carrySeen returns the hashes of a block's addresses, in hexadecimal.
func (b *block) carrySeen() string {
	if len(b.seen) == 0 {
		return none
	}
	var list []string
	for _, h := range b.seen {
		list = append(list, strconv.FormatUint(h, 16))
	}
	return strings.Join(list, ",")
}
