package transact

import (
	"bytes"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/merge"
	"egress-monitor/lib/stamp"
	"egress-monitor/lib/testtools"
)

// A sample is a log of a real dnsmasq, and the aggregate that it must give.
type sample struct {
	name  string
	log   []byte // of several files, oldest first
	clock stamp.Clock
	want  string
}

func samples(t *testing.T) (list []sample) {
	t.Helper()
	for _, s := range testtools.QueryLogs(t, "../../testdata/dnsmasq") {
		clock := stamp.Clock{Location: testtools.Zone(t, s.Zone), Now: testtools.Time(t, s.End)}
		list = append(list, sample{s.Name, []byte(strings.Join(s.Logs, "")), clock, s.Want})
	}
	return list
}

// A poller reads a log in pieces, with a new Tracker for each, as cron does. All
// that goes from one to the next is text.
type poller struct {
	t     testing.TB
	clock stamp.Clock
	carry []string
	rest  []byte // a half line waits
	out   [][]byte
	bad   int
}

func (p *poller) poll(piece []byte) {
	p.rest = append(p.rest, piece...)
	end := bytes.LastIndexByte(p.rest, '\n') + 1
	tracker := New(p.clock)
	for _, c := range p.carry {
		if err := tracker.Restore(c); err != nil {
			p.t.Fatalf("%q: %v", c, err)
		}
	}
	for line := range bytes.Lines(p.rest[:end]) {
		if tracker.Line(bytes.TrimSuffix(line, []byte("\n"))) != nil {
			p.bad++
		}
		if tracker.Full() {
			p.print(tracker)
		}
	}
	p.rest = slices.Clone(p.rest[end:])
	p.print(tracker)
	carry := tracker.Carry()
	if end == 0 && !slices.Equal(carry, p.carry) {
		p.t.Fatalf("an idle poll made of %q: %q", p.carry, carry)
	}
	p.carry = carry
}

func (p *poller) print(tracker *Tracker) {
	var out []byte
	tracker.Print(func(record []byte) error {
		if _, err := aggregate.Parse(bytes.TrimSuffix(record, []byte("\n"))); err != nil {
			p.t.Fatalf("%q: %v", record, err)
		}
		out = append(out, record...)
		return nil
	})
	if len(out) > 0 {
		p.out = append(p.out, out)
	}
}

// aggregate returns the sum of all polls.
func (p *poller) aggregate() string {
	var sources []*merge.Source
	for _, out := range p.out {
		in := batch.NewScanner(bytes.NewReader(out), "poll")
		in.Rejected = func(line []byte, why error) { p.t.Errorf("%q: %v", line, why) }
		sources = append(sources, merge.NewSource(in))
	}
	var w bytes.Buffer
	if err := merge.Write(&w, sources, nil, nil); err != nil {
		p.t.Fatal(err)
	}
	return w.String()
}

// cut cuts a log at the given places, and reads it in these pieces.
func cut(t testing.TB, clock stamp.Clock, log []byte, at []int) *poller {
	p := &poller{t: t, clock: clock}
	from := 0
	slices.Sort(at)
	for _, to := range append(at, len(log)) {
		p.poll(log[from:to])
		from = to
	}
	return p
}

func random(r *rand.Rand, pieces, size int) (at []int) {
	for range pieces - 1 {
		at = append(at, r.Intn(size+1))
	}
	return at
}

func everyLine(log []byte) (at []int) {
	for i, c := range log {
		if c == '\n' {
			at = append(at, i+1)
		}
	}
	return at
}

// However a log is cut into polls, even inside a line, it gives the same.
func TestSamples(t *testing.T) {
	for _, s := range samples(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewSource(1))
			cuts := [][]int{nil, everyLine(s.log), random(r, 50, len(s.log))}
			for range 40 {
				cuts = append(cuts, random(r, 1+r.Intn(80), len(s.log)))
			}
			for i, at := range cuts {
				p := cut(t, s.clock, s.log, at)
				if got := p.aggregate(); got != s.want {
					t.Fatalf("cuts %d, at %v:\ngot\n%swant\n%s", i, at, got, s.want)
				}
			}
		})
	}
}

// At the end of a quiet log only queries without an answer are open.
func TestSamplesLeaveLittle(t *testing.T) {
	for _, s := range samples(t) {
		if p := cut(t, s.clock, s.log, nil); len(p.carry) > 20 {
			t.Errorf("%s: %d carry lines:\n%s", s.name, len(p.carry), strings.Join(p.carry, "\n"))
		}
	}
}
