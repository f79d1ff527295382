package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// A polled log grows by some lines before each poll.
type polled struct {
	*dnsLog
	file string
}

func (b *bench) polled(seed uint64, names int) *polled {
	return &polled{newDNSLog(seed, popular(names, 10)), b.file("dnsmasq.log")}
}

func (p *polled) grow() { appendFile(p.file, p.take(500)) }

// poll returns a job that goes on where the one before it has ended.
func (b *bench) poll(name, log string) *job {
	j := &job{}
	j.before = func() { j.stages = b.dnsTools(name, log, storedCursor(b.file(name+".cursor"))) }
	return j
}

func storedCursor(file string) string {
	text, err := os.ReadFile(file)
	if !os.IsNotExist(err) {
		must(err)
	}
	_, cursor, _ := strings.Cut(string(text), "-- cursor: ")
	return strings.TrimSpace(cursor)
}

// busy polls by the script that cron runs, by one with awk, and by the three
// tools alone.
func (b *bench) busy() {
	const rows = 5000
	ours, theirs, want := b.file("ours"), b.file("theirs"), b.file("truth")
	for _, d := range []string{ours, theirs, theirs + "/new"} {
		must(os.Mkdir(d, 0o700))
	}
	files := []string{ours + "/unique-domains.log", theirs + "/aggregate", b.file("tools.aggregate")}
	p := b.polled(20, rows+rows/10)
	p.truth.addNames(rows)
	for _, f := range files {
		p.truth.save(f)
	}
	writeText(theirs+"/position", "0\n")
	script := &job{stages: [][]string{{"cron.d/egress-domains"}}, env: []string{
		"EGRESS_SETTINGS=/dev/null", "EGRESS_LOG_DIR=" + ours, "EGRESS_STATE_DIR=" + ours,
		"EGRESS_DNSMASQ_LOG=" + p.file, "EGRESS_NOW=" + present.Format(time.RFC3339)}}
	awk := &job{stages: [][]string{{b.here + "/poll.sh", "mawk", p.file, theirs}}}
	took := inTurn(many, p.grow, script, awk, b.poll("tools", p.file))
	p.truth.save(want)
	for _, f := range files {
		same(f, want)
	}
	b.ratio("busy poll: 500 lines into 5,000 rows, cron.d/egress-domains", "a shell and mawk script doing the same",
		took[0], took[1], 0.40, 0.30)
	b.ratio("the same, without the shell around the three tools", "the same", took[2], took[1], 0, 0)
}

// idle polls when nothing is new. Nothing may be written.
func (b *bench) idle() {
	p := b.polled(21, 5000)
	ours := b.poll("tools", p.file)
	p.grow()
	ours.run(false)
	before := b.state()
	took := inTurn(many, nil, ours, &job{stages: [][]string{{"cat"}, {"cat"}, {"cat"}}})
	if after := b.state(); after != before {
		must(fmt.Errorf("an idle poll has written: %s, then %s", before, after))
	}
	b.ratio("idle poll", "cat | cat | cat of nothing", took[0], took[1], 2.2, 1.5)
}

// state returns the names, sizes and times of the files of a benchmark.
func (b *bench) state() (all string) {
	for _, e := range get(os.ReadDir(b.dir)) {
		info := get(e.Info())
		all += fmt.Sprint(info.Name(), " ", info.Size(), " ", info.ModTime().UnixNano(), ", ")
	}
	return all
}

// million polls 500 lines into a large aggregate.
func (b *bench) million() {
	rows := b.size(1_000_000)
	base, want, into := b.file("base"), b.file("truth"), b.file("tools.aggregate")
	p := b.polled(22, rows)
	p.truth.addNames(rows)
	p.truth.save(base)
	p.truth.save(into)
	ours := b.poll("tools", p.file)
	p.grow()
	first := ours.run(true)
	took := inTurn(2*few+1, p.grow, ours, &job{stages: [][]string{{"cp", base, b.file("copy")}}})
	p.truth.save(want)
	same(into, want)
	size := get(os.Stat(base)).Size()
	b.ratio(fmt.Sprintf("500 lines into a %d-row aggregate (%d MB)", rows, size/1e6), "cp of it", took[0], took[1], 3.5, 2.5)
	b.memory("the same, peak of aggmerge", first.peak[2], 16, 4)
	b.note("Large aggregate, one run: %s.", first.stages(ours))
}

func (b *bench) start() {
	took := inTurn(2*many, nil, &job{stages: [][]string{{"ipparse"}}}, &job{stages: [][]string{{"mawk", "BEGIN{}"}}})
	b.ratio("start of a tool: ipparse </dev/null", "mawk 'BEGIN{}'", took[0], took[1], 2.2, 1.3)
}
