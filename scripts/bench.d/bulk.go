package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// How often a job is run that takes long, and one that takes milliseconds.
const (
	few  = 5
	many = 101
)

// size returns a number of bytes, rows or names, or an eighth of it with --quick.
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
		{"dnsparse", "--now=" + present.Format(time.RFC3339), "--carry=" + cursor},
		{"aggmerge", "--into=" + into, "--cursor-file=" + cursor, "--after-cursor=" + after, "--expect-cursor"},
	}
}

// pipeline returns a job that makes a new aggregate, which must be the truth.
func (b *bench) pipeline(name, truth string, stages [][]string) *job {
	into, cursor := b.file(name+".aggregate"), b.file(name+".cursor")
	return &job{stages: stages,
		before: func() {
			os.Remove(into)
			os.Remove(cursor)
		},
		after: func() { same(into, truth) },
	}
}

// rival returns a job whose output must be the truth.
func (b *bench) rival(truth string, stages ...[]string) *job {
	out := b.file("rival.out")
	return &job{stages: stages, stdout: out, after: func() { same(out, truth) }}
}

func (b *bench) dns() {
	log, want := b.file("dnsmasq.log"), b.file("truth")
	names, size := b.size(100_000), b.size(256<<20)
	l := newDNSLog(10, popular(names, 4))
	l.save(log, size)
	l.truth.save(want)
	writeText(b.file("queries"), fmt.Sprintln(l.queries))
	ours := b.pipeline("dns", want, b.dnsTools("dns", log, ""))
	first := ours.run(true)
	took := inTurn(few, nil, ours,
		b.rival(want, []string{"mawk", "-vyear=2026", "-f", b.here + "/sorted.awk", "-f", b.here + "/dns.awk", log}, []string{"sort"}),
		b.rival(b.file("queries"), []string{"grep", "-cF", "query[", log}))
	b.ratio(fmt.Sprintf("bulk DNS log (%d MB, %d names) through cursorcat, dnsparse, aggmerge", size>>20, names),
		"mawk | sort", took[0], took[1], 0.18, 0.12)
	b.ratio("the same", "grep -c over the file", took[0], took[2], 3.5, 2.5)
	b.memory("the same, peak of the largest process", slices.Max(first.peak), 64, 40)
	b.note("Bulk DNS log, one run: %s.", first.stages(ours))
}

func (b *bench) ips() {
	log, want := b.file("kernel.log"), b.file("truth")
	l := newIPLog(5000)
	l.saveShort(log, b.size(256<<20))
	l.truth.save(want)
	ours := b.pipeline("ips", want, b.ipTools())
	ours.stdin = log
	first := ours.run(true)
	took := inTurn(few, nil, ours, b.rival(want, []string{"mawk", "-f", b.here + "/ips.awk", log}, []string{"sort"}))
	work := fmt.Sprintf("bulk IP lines (%d MB) through ipparse, aggmerge", b.size(256))
	b.ratio(work, "mawk | sort", took[0], took[1], 0.20, 0.15)
	b.note("Bulk IP lines, one run: %s.", first.stages(ours))
}

// ipTools returns a first poll of what journalctl prints.
func (b *bench) ipTools() [][]string {
	return [][]string{{"ipparse"},
		{"aggmerge", "--into=" + b.file("ips.aggregate"), "--cursor-file=" + b.file("ips.cursor"), "--after-cursor=",
			"--expect-cursor"}}
}

func (b *bench) cat() {
	log := b.file("dnsmasq.log")
	newDNSLog(11, popular(1000, 4)).save(log, b.size(256<<20))
	b.rival(log, []string{"cursorcat", log}).run(false)
	took := inTurn(2*few+1, nil,
		&job{stages: [][]string{{"cursorcat", log}, {"cat"}}},
		&job{stages: [][]string{{"cat", log}, {"cat"}}})
	b.ratio("cursorcat FILE | cat", "cat FILE | cat", took[0], took[1], 1.0, 0.8)
}

// names compares a log in which each name is new with one of the same lines for
// few names.
func (b *bench) names() {
	size := b.size(64 << 20)
	of := func(name string, sites int) *job {
		log, want, i := b.file(name+".log"), b.file(name+".truth"), 0
		l := newDNSLog(12, func(*rand.Rand) *site { i++; return siteOf(i % sites) })
		l.save(log, size)
		l.truth.save(want)
		return b.pipeline(name, want, b.dnsTools(name, log, ""))
	}
	each, known := of("new", 1<<30), of("known", 1000)
	first := each.run(true)
	took := inTurn(few, nil, each, known)
	b.ratio(fmt.Sprintf("every name new (%d MB of query log)", size>>20), "1,000 names, same bytes", took[0], took[1], 6, 4)
	b.note("Every name new, one run: %s.", first.stages(each))
}

func (b *bench) fleet() {
	hosts, rows := b.size(1000), 5000
	for _, of := range []struct {
		what string
		ips  bool
		key  func(int) (string, []string)
	}{{"addresses", false, addressKey}, {"names", true, nameKey}} {
		dir, want := b.file(of.what), b.file("truth")
		must(os.Mkdir(dir, 0o700))
		files, total := saveFleet(dir, hosts, rows, of.ips, of.key)
		total.save(want)
		ours := b.rival(want, append([]string{"aggmerge"}, files...))
		first := ours.run(true)
		took := inTurn(few, nil, ours,
			&job{stages: [][]string{append([]string{"sort", "-m"}, files...)}, stdout: b.file("sorted")},
			&job{stages: [][]string{append([]string{"sort", "-m", "--batch-size=1000"}, files...)}, stdout: b.file("sorted")})
		work := fmt.Sprintf("merge of %d hosts × %d %s", hosts, rows, of.what)
		b.ratio(work, "LC_ALL=C sort -m of the same files", took[0], took[1], 0.60, 0.35)
		b.ratio("the same", "sort -m --batch-size=1000", took[0], took[2], 0, 0)
		b.note("Merge of %s, one run: %s.", of.what, first.stages(ours))
		must(os.RemoveAll(dir))
	}
}

// The places of a program that makes a journal of entries in the export format.
var remote = []string{"/usr/lib/systemd/systemd-journal-remote", "/lib/systemd/systemd-journal-remote"}

func (b *bench) journal() {
	const work = "journalctl | ipparse | aggmerge"
	i := slices.IndexFunc(remote, func(p string) bool { _, err := os.Stat(p); return err == nil })
	if i < 0 {
		b.skip(work, "needs the Debian package systemd-journal-remote, to make a journal")
		return
	}
	export, dir, want := b.file("export"), b.file("journal"), b.file("truth")
	must(os.Mkdir(dir, 0o700))
	l := newIPLog(5000)
	entries := b.size(200_000)
	l.saveExport(export, entries)
	l.truth.save(want)
	get(exec.Command(remote[i], "--output="+dir+"/kernel.journal", export).Output())
	must(os.Remove(export))
	// as cron.d/egress-ips reads it
	read := []string{"journalctl", "--directory=" + dir, "-q", "--no-pager", "-a", "-o", "short-unix", "--show-cursor",
		"_TRANSPORT=kernel", "SYSLOG_FACILITY=0", "+", "_TRANSPORT=driver", "MESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606"}
	ours := b.pipeline("ips", want, append([][]string{read}, b.ipTools()...))
	first := ours.run(true)
	took := inTurn(2*few+1, nil, ours, &job{stages: [][]string{read}})
	b.ratio(fmt.Sprintf("%s (%d entries)", work, entries), "journalctl alone", took[0], took[1], 1.25, 1.10)
	b.note("Journal, one run: %s.", first.stages(ours))
}
