package main

import (
	"fmt"
	"os"
	"strings"
)

// A polled log grows by some lines before each poll.
type polled struct {
	*dnsLog
	file string
}

func (b *bench) polled(seed uint64, names int) *polled {
	return &polled{newDNSLog(seed, popular(names, 10)), b.file("dnsmasq.log")}
}

func (p *polled) grow() error { return appendFile(p.file, p.take(500)) }

// poll returns a job that goes on where the one before it has ended.
func (b *bench) poll(name, log string) *job {
	j := &job{name: name}
	j.before = func() error {
		after, err := storedCursor(b.file(name + ".cursor"))
		j.stages = b.dnsTools(name, log, after)
		return err
	}
	return j
}

func storedCursor(file string) (string, error) {
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return "", nil
	}
	_, cursor, ok := strings.Cut(string(text), "-- cursor: ")
	if err == nil && !ok {
		err = fmt.Errorf("%s: no cursor", file)
	}
	return strings.TrimSpace(cursor), err
}

// busy polls by the script that cron runs, by one with awk, and by the three
// tools alone.
func (b *bench) busy() error {
	const rows = 5000
	base, want := b.file("base"), b.file("truth")
	if err := saveNames(base, rows); err != nil {
		return err
	}
	ours, theirs := b.file("ours"), b.file("theirs")
	for _, d := range []string{ours, theirs, theirs + "/new"} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return err
		}
	}
	for _, f := range []string{ours + "/unique-domains.log", theirs + "/aggregate", b.file("tools.aggregate")} {
		if err := copyFile(base, f); err != nil {
			return err
		}
	}
	if err := appendFile(theirs+"/position", []byte("0\n")); err != nil {
		return err
	}
	p := b.polled(20, rows+rows/10)
	script := &job{name: "egress-domains", stages: [][]string{{"cron.d/egress-domains"}}, env: []string{
		"EGRESS_SETTINGS=/dev/null", "EGRESS_LOG_DIR=" + ours, "EGRESS_STATE_DIR=" + ours,
		"EGRESS_DNSMASQ_LOG=" + p.file, "EGRESS_NOW=" + present.Format("2006-01-02T15:04:05Z07:00")}}
	awk := &job{name: "poll.sh", stages: [][]string{{b.here + "/poll.sh", "mawk", p.file, theirs}}}
	tools := b.poll("tools", p.file)
	took, err := inTurn(many, p.grow, script, awk, tools)
	if err != nil {
		return err
	}
	if err := p.truth.save(want, base); err != nil {
		return err
	}
	for _, f := range []string{ours + "/unique-domains.log", theirs + "/aggregate", b.file("tools.aggregate")} {
		if err := same(f, want); err != nil {
			return err
		}
	}
	b.ratio("busy poll: 500 lines into 5,000 rows, cron.d/egress-domains", "a shell and mawk script doing the same", newRatio(took[0], took[1]), 0.40, 0.30)
	b.ratio("the same, without the shell around the three tools", "the same", newRatio(took[2], took[1]), 0, 0)
	return nil
}

// idle polls when nothing is new. Nothing may be written.
func (b *bench) idle() error {
	p := b.polled(21, 5000)
	ours := b.poll("tools", p.file)
	if err := p.grow(); err != nil {
		return err
	}
	if _, err := ours.run(false); err != nil {
		return err
	}
	was, err := b.state()
	if err != nil {
		return err
	}
	theirs := &job{name: "cat", stages: [][]string{{"cat"}, {"cat"}, {"cat"}}}
	took, err := inTurn(many, nil, ours, theirs)
	if err != nil {
		return err
	}
	is, err := b.state()
	if err == nil && is != was {
		err = fmt.Errorf("an idle poll has written: %s, then %s", was, is)
	}
	if err != nil {
		return err
	}
	b.ratio("idle poll", "cat | cat | cat of nothing", newRatio(took[0], took[1]), 2.2, 1.5)
	return nil
}

// state returns what the folder of a benchmark holds, and since when.
func (b *bench) state() (string, error) {
	entries, err := os.ReadDir(b.dir)
	var words []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return "", err
		}
		words = append(words, fmt.Sprint(info.Name(), " ", info.Size(), " ", info.ModTime().UnixNano()))
	}
	return strings.Join(words, ", "), err
}

// million polls 500 lines into a large aggregate.
func (b *bench) million() error {
	rows := b.size(1_000_000)
	base, want, into := b.file("base"), b.file("truth"), b.file("tools.aggregate")
	if err := saveNames(base, rows); err != nil {
		return err
	}
	if err := copyFile(base, into); err != nil {
		return err
	}
	p := b.polled(22, rows)
	ours := b.poll("tools", p.file)
	theirs := &job{name: "cp", stages: [][]string{{"cp", base, b.file("copy")}}}
	if err := p.grow(); err != nil {
		return err
	}
	first, err := ours.run(true)
	if err != nil {
		return err
	}
	took, err := inTurn(2*few+1, p.grow, ours, theirs)
	if err != nil {
		return err
	}
	if err := p.truth.save(want, base); err != nil {
		return err
	}
	if err := same(into, want); err != nil {
		return err
	}
	info, err := os.Stat(base)
	if err != nil {
		return err
	}
	b.ratio(fmt.Sprintf("500 lines into a %d-row aggregate (%d MB)", rows, info.Size()/1e6), "cp of it", newRatio(took[0], took[1]), 3.5, 2.5)
	b.memory("the same, peak of aggmerge", first.peak[2], 16, 4)
	b.note("Large aggregate, one run: %s.", first.stages(ours))
	return nil
}

func (b *bench) start() error {
	ours := &job{name: "ipparse", stages: [][]string{{"ipparse"}}}
	theirs := &job{name: "mawk", stages: [][]string{{"mawk", "BEGIN{}"}}}
	took, err := inTurn(2*many, nil, ours, theirs)
	if err != nil {
		return err
	}
	b.ratio("start of a tool: ipparse </dev/null", "mawk 'BEGIN{}'", newRatio(took[0], took[1]), 2.2, 1.3)
	return nil
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}
