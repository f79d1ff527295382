package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// rounds of what takes long, and of what is over in no time.
const (
	few  = 5
	many = 101
)

// size returns a number of bytes, or rows, or names; less if it is to be quick.
func (b *bench) size(n int) int {
	if b.quick {
		return n / 8
	}
	return n
}

func (b *bench) file(name string) string { return filepath.Join(b.dir, name) }

// dnsTools returns a poll of a query log that begins after a cursor. Its state
// is in the files NAME.aggregate and NAME.cursor.
func (b *bench) dnsTools(name, log, after string) [][]string {
	into, cursor := b.file(name+".aggregate"), b.file(name+".cursor")
	return [][]string{
		{"cursorcat", "--after-cursor=" + after, "--show-cursor", log},
		{"dnsparse", "--now=" + present.Format("2006-01-02T15:04:05Z07:00"), "--carry=" + cursor},
		{"aggmerge", "--into=" + into, "--cursor-file=" + cursor, "--after-cursor=" + after, "--expect-cursor"},
	}
}

// pipeline returns a job that makes a new aggregate, which must be the truth.
func (b *bench) pipeline(name, truth string, stages [][]string) *job {
	into, cursor := b.file(name+".aggregate"), b.file(name+".cursor")
	return &job{name: name, stages: stages,
		before: func() error {
			os.Remove(into)
			os.Remove(cursor)
			return nil
		},
		after: func() error { return same(into, truth) },
	}
}

// rival returns a program that prints what must be the truth.
func (b *bench) rival(truth string, stages ...[]string) *job {
	out := b.file("rival.out")
	return &job{name: stages[0][0], stages: stages, stdout: out,
		after: func() error { return same(out, truth) }}
}

func (b *bench) dns() error {
	log, want := b.file("dnsmasq.log"), b.file("truth")
	names := b.size(100_000)
	l := newDNSLog(10, popular(names, 4))
	size := b.size(256 << 20)
	if err := l.save(log, size); err != nil {
		return err
	}
	if err := l.truth.save(want, ""); err != nil {
		return err
	}
	ours := b.pipeline("dns", want, b.dnsTools("dns", log, ""))
	rivals := []*job{
		b.rival(want, []string{"mawk", "-v", "year=2026", "-f", b.here + "/dns.awk", log}, []string{"sort"}),
		b.rival(want, []string{"gawk", "-v", "year=2026", "-f", b.here + "/dns.awk", log}, []string{"sort"}),
		b.rival(want, []string{"perl", b.here + "/dns.pl", "2026", log}),
	}
	grep := &job{name: "grep", stages: [][]string{{"grep", "-cF", "query[", log}}, stdout: b.file("grep.out"),
		after: func() error { return says(b.file("grep.out"), fmt.Sprintln(l.queries)) }}
	first, err := ours.run(true)
	if err != nil {
		return err
	}
	best, others, err := fastest(rivals...)
	if err != nil {
		return err
	}
	took, err := inTurn(few, nil, ours, best, grep)
	if err != nil {
		return err
	}
	work := fmt.Sprintf("bulk DNS log (%d MB, %d names) through cursorcat, dnsparse, aggmerge", size>>20, names)
	b.ratio(work, best.name+", the fastest of mawk, gawk, perl", newRatio(took[0], took[1]), 0.18, 0.12)
	b.ratio("the same", "grep -c over the file", newRatio(took[0], took[2]), 3.5, 2.5)
	b.memory("the same, peak of the largest process", slices.Max(first.peak), 64, 40)
	b.note("Bulk DNS log, one run: %s. The others: %s.", first.stages(ours), others)
	return nil
}

func (b *bench) ips() error {
	log, want := b.file("kernel.log"), b.file("truth")
	l := newIPLog(5000)
	if err := l.saveShort(log, b.size(256<<20)); err != nil {
		return err
	}
	if err := l.truth.save(want, ""); err != nil {
		return err
	}
	ours := b.pipeline("ips", want, b.ipTools())
	ours.stdin = log
	rivals := []*job{
		b.rival(want, []string{"mawk", "-f", b.here + "/ips.awk", log}, []string{"sort"}),
		b.rival(want, []string{"gawk", "-f", b.here + "/ips.awk", log}, []string{"sort"}),
		b.rival(want, []string{"perl", b.here + "/ips.pl", log}),
	}
	first, err := ours.run(true)
	if err != nil {
		return err
	}
	best, others, err := fastest(rivals...)
	if err != nil {
		return err
	}
	took, err := inTurn(few, nil, ours, best)
	if err != nil {
		return err
	}
	b.ratio(fmt.Sprintf("bulk IP lines (%d MB) through ipparse, aggmerge", b.size(256)), best.name+", the fastest of mawk, gawk, perl", newRatio(took[0], took[1]), 0.20, 0.15)
	b.note("Bulk IP lines, one run: %s. The others: %s.", first.stages(ours), others)
	return nil
}

// ipTools returns a first poll of what journalctl prints.
func (b *bench) ipTools() [][]string {
	return [][]string{{"ipparse"},
		{"aggmerge", "--into=" + b.file("ips.aggregate"), "--cursor-file=" + b.file("ips.cursor"), "--after-cursor=", "--expect-cursor"}}
}

func (b *bench) cat() error {
	log := b.file("dnsmasq.log")
	if err := newDNSLog(11, popular(1000, 4)).save(log, b.size(256<<20)); err != nil {
		return err
	}
	out := b.file("out")
	check := &job{name: "cursorcat", stages: [][]string{{"cursorcat", log}, {"cat"}}, stdout: out,
		after: func() error { return same(out, log) }}
	if _, err := check.run(false); err != nil {
		return err
	}
	os.Remove(out)
	ours := &job{name: "cursorcat", stages: check.stages}
	theirs := &job{name: "cat", stages: [][]string{{"cat", log}, {"cat"}}}
	took, err := inTurn(2*few+1, nil, ours, theirs)
	if err != nil {
		return err
	}
	b.ratio("cursorcat FILE | cat", "cat FILE | cat", newRatio(took[0], took[1]), 1.0, 0.8)
	return nil
}

// names compares a log in which each name is asked for once with one of the
// same lines for few names.
func (b *bench) names() error {
	sites := func(n int) func(*rand.Rand) *site {
		i := -1
		return func(*rand.Rand) *site {
			i++
			return siteOf(i % n)
		}
	}
	var jobs []*job
	var note string
	size := b.size(64 << 20)
	for name, n := range map[string]int{"1000 names": 1000, "new names": 1 << 30} {
		log, want := b.file(name+".log"), b.file(name+".truth")
		l := newDNSLog(12, sites(n))
		if err := l.save(log, size); err != nil {
			return err
		}
		if err := l.truth.save(want, ""); err != nil {
			return err
		}
		j := b.pipeline(name, want, b.dnsTools(name, log, ""))
		first, err := j.run(true)
		if err != nil {
			return err
		}
		if n > 1000 {
			jobs = append([]*job{j}, jobs...)
			note = first.stages(j)
		} else {
			jobs = append(jobs, j)
		}
	}
	took, err := inTurn(few, nil, jobs[0], jobs[1])
	if err != nil {
		return err
	}
	b.ratio(fmt.Sprintf("every name new (%d MB of query log)", size>>20), "1,000 names, same bytes", newRatio(took[0], took[1]), 6, 4)
	b.note("Every name new, one run: %s.", note)
	return nil
}

func (b *bench) fleet() error {
	hosts, rows := b.size(1000), 5000
	for _, of := range []struct {
		what string
		ips  bool
		key  func(int) (string, []string)
	}{{"addresses", false, addressKey}, {"names", true, nameKey}} {
		dir := b.file(of.what)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		files, total, err := saveFleet(dir, hosts, rows, of.ips, of.key)
		if err != nil {
			return err
		}
		want, out := b.file("truth"), b.file("out")
		if err := total.save(want, ""); err != nil {
			return err
		}
		ours := &job{name: "aggmerge", stages: [][]string{append([]string{"aggmerge"}, files...)}, stdout: out,
			after: func() error { return same(out, want) }}
		theirs := &job{name: "sort -m", stages: [][]string{append([]string{"sort", "-m"}, files...)},
			stdout: b.file("sorted")}
		wide := &job{name: "sort -m", stages: [][]string{append([]string{"sort", "-m", "--batch-size=1000"}, files...)},
			stdout: b.file("sorted")}
		first, err := ours.run(true)
		if err != nil {
			return err
		}
		took, err := inTurn(few, nil, ours, theirs, wide)
		if err != nil {
			return err
		}
		work := fmt.Sprintf("merge of %d hosts × %d %s", hosts, rows, of.what)
		b.ratio(work, "LC_ALL=C sort -m of the same files", newRatio(took[0], took[1]), 0.60, 0.35)
		b.ratio("the same", "sort -m --batch-size=1000", newRatio(took[0], took[2]), 0, 0)
		b.note("Merge of %s, one run: %s.", of.what, first.stages(ours))
		if b.keep {
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// remote makes a journal of entries in the export format.
var remote = []string{"/usr/lib/systemd/systemd-journal-remote", "/lib/systemd/systemd-journal-remote"}

func (b *bench) journal() error {
	const work = "journalctl | ipparse | aggmerge"
	i := slices.IndexFunc(remote, func(p string) bool { _, err := os.Stat(p); return err == nil })
	if i < 0 {
		b.skip(work, "needs the Debian package systemd-journal-remote, to make a journal")
		return nil
	}
	export, dir, want := b.file("export"), b.file("journal"), b.file("truth")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	l := newIPLog(5000)
	entries := b.size(200_000)
	if err := l.saveExport(export, entries); err != nil {
		return err
	}
	if err := l.truth.save(want, ""); err != nil {
		return err
	}
	// it begins a new file now and then, as journald does, and says so
	maker := exec.Command(remote[i], "--output="+dir+"/kernel.journal", export)
	if said, err := maker.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", remote[i], err, said)
	}
	if err := os.Remove(export); err != nil {
		return err
	}
	// as cron.d/egress-ips reads it
	read := []string{"journalctl", "--directory=" + dir, "-q", "--no-pager", "-a", "-o", "short-unix", "--show-cursor",
		"_TRANSPORT=kernel", "SYSLOG_FACILITY=0", "+", "_TRANSPORT=driver", "MESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606"}
	ours := b.pipeline("ips", want, append([][]string{read}, b.ipTools()...))
	first, err := ours.run(true)
	if err != nil {
		return err
	}
	took, err := inTurn(2*few+1, nil, ours, &job{name: "journalctl", stages: [][]string{read}})
	if err != nil {
		return err
	}
	b.ratio(fmt.Sprintf("%s (%d entries)", work, entries), "journalctl alone", newRatio(took[0], took[1]), 1.25, 1.10)
	b.note("Journal, one run: %s.", first.stages(ours))
	return nil
}

// says looks at what a program printed.
func says(file, want string) error {
	got, err := os.ReadFile(file)
	if err == nil && string(got) != want {
		err = fmt.Errorf("%s: %q; the truth is %q", file, got, want)
	}
	return err
}
