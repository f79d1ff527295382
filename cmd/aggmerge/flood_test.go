package main

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"egress-monitor/lib/testtools"
)

// A flood here is a fiftieth of what it can be,
// with limits as much smaller.
const (
	floodRows  = 200_000
	floodLimit = 3_000
	normalRows = 2_000
)

// Hundreds of thousands of new keys in one poll, and in ten: no more rows than
// allowed, each row that is not part of the flood with its exact count, the sum
// of counts as it was, in memory that does not grow with the flood.
func TestFlood(t *testing.T) {
	for _, flood := range []struct {
		name string
		key  func(i int) string
		into string // what the flood is folded into
	}{
		{"names", func(i int) string { return random(i) + ".tunnel.example.org" }, "*.example.org"},
		{"domains", func(i int) string { return random(i) + ".com" }, "*.com"},
		{"reverse", func(i int) string { return fmt.Sprintf("%d.%d.%d.10.in-addr.arpa", i%256, i/256%256, i>>16) }, "*.0.0.10.in-addr.arpa"},
		{"addresses", func(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16, i/256%256, i%256) }, ""},
	} {
		for _, polls := range []int{1, 10} {
			t.Run(fmt.Sprint(flood.name, "/polls=", polls), func(t *testing.T) {
				dir := t.TempDir()
				for poll := range polls {
					peak := commit(t, dir, poll, floodLimit, func(w io.Writer) { writePoll(w, flood.key, poll, polls) })
					if peak > 128<<10 {
						t.Errorf("poll %d took %d KiB", poll, peak)
					}
				}
				wantFolded(t, filepath.Join(dir, "rows.log"), flood.into)
			})
		}
	}
}

func random(i int) string {
	h := fnv.New64a()
	fmt.Fprint(h, i)
	return fmt.Sprintf("%016x", h.Sum64())
}

// writePoll writes every polls'th record, of the flood and of all others.
func writePoll(w io.Writer, key func(int) string, poll, polls int) {
	const rest = " 1 2026-02-08T21:30:00Z\n"
	for i := poll; i < floodRows; i += polls {
		io.WriteString(w, key(i)+rest)
	}
	for i := poll; i < normalRows; i += polls {
		fmt.Fprintf(w, "host%d.site%d.net 3 2026-02-08T21:30:00Z\n", i, i%500)
	}
	fmt.Fprintf(w, "-- cursor: c%d\n", poll+1)
}

// commit runs aggmerge, and returns the most memory it took, in KiB.
func commit(t *testing.T, dir string, poll, limit int, write func(io.Writer)) int64 {
	t.Helper()
	after := fmt.Sprint("c", poll)
	if poll == 0 {
		after = ""
	}
	cmd := exec.Command("aggmerge", "--into=rows.log", "--cursor-file=cursor", "--after-cursor="+after, fmt.Sprint("--max-rows=", limit))
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	testtools.Must(t, err)
	testtools.Must(t, cmd.Start())
	out := bufio.NewWriterSize(in, 64<<10)
	write(out)
	out.Flush()
	in.Close()
	if err := cmd.Wait(); err != nil || said.Len() > 0 {
		t.Fatalf("%v: %s", err, said.String())
	}
	return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
}

func wantFolded(t *testing.T, file, into string) {
	t.Helper()
	text, err := os.ReadFile(file)
	testtools.Must(t, err)
	rows, sum, normal := 0, 0, 0
	for line := range strings.Lines(string(text)) {
		var key string
		var n int
		fmt.Sscan(line, &key, &n)
		rows, sum = rows+1, sum+n
		if strings.HasPrefix(key, "host") && n == 3 {
			normal++
		}
	}
	if rows > floodLimit || sum != floodRows+3*normalRows || normal != normalRows {
		t.Errorf("%d rows, sum %d, %d as they were", rows, sum, normal)
	}
	if into != "" && !strings.Contains(string(text), into+" ") {
		t.Errorf("no row %s", into)
	}
}

// What was there before a flood keeps its row with its exact count, and what
// comes after it has rows again, also after a second flood of another kind; at the
// size that a server has.
func TestOthersKeepTheirRows(t *testing.T) {
	names := func(n int, key func(i int) string) (keys []string) {
		for i := range n {
			keys = append(keys, key(i))
		}
		return keys
	}
	sites := names(2950, func(i int) string {
		return fmt.Sprintf("host%d.site%d.%s", i, i%590, []string{"net", "org", "com"}[i%3])
	})
	shops := names(1000, func(i int) string { return fmt.Sprintf("%sshop%d.com", []string{"", "www."}[i%2], i/2) })
	v4 := names(5000, func(i int) string { return fmt.Sprintf("198.18.%d.%d", i/256, i%256) })
	domains := names(105_000, func(i int) string { return random(i) + ".com" })
	for name, test := range map[string]struct{ before, flood, after []string }{
		"one label": {sites, names(105_000, random), names(50, func(i int) string { return fmt.Sprintf("new%d.example.org", i) })},
		"com":       {append(shops, shops...), domains, nil},
		"IPv6": {v4, names(100_001, func(i int) string {
			return netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, byte(i * 7), byte(i >> 8), byte(i >> 3), byte(i), 15: byte(i >> 16)}).String()
		}), nil},
		"many suffixes": {sites, names(105_000, func(i int) string { return random(i) + "." + random(i % 3000)[:4] }), nil},
		"many domains":  {sites, names(105_000, func(i int) string { return fmt.Sprintf("%s.x%d.org", random(i), i%37) }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir, counts := t.TempDir(), map[string]int{}
			second := domains
			if name == "com" {
				second = names(105_000, random)
			}
			for poll, keys := range [][]string{test.before, test.flood, test.after, second} {
				commit(t, dir, poll, 100_000, func(w io.Writer) {
					for _, key := range keys {
						counts[key]++
						fmt.Fprintf(w, "%s 1 2026-02-08T21:3%d:00Z\n", key, poll)
					}
					fmt.Fprintf(w, "-- cursor: c%d\n", poll+1)
				})
			}
			rows, sum := countsOf(t, filepath.Join(dir, "rows.log"))
			if len(rows) > 100_000 || sum != len(test.before)+len(test.flood)+len(test.after)+len(second) {
				t.Errorf("%d rows, sum %d", len(rows), sum)
			}
			for _, key := range append(test.before, test.after...) {
				if rows[key] != counts[key] {
					t.Fatalf("%s: %d, want %d", key, rows[key], counts[key])
				}
			}
		})
	}
}

// Floods in many polls, a minute apart, of names that are asked once or more
// often: what came before, and between them, keeps its rows.
func TestFloodsInManyPolls(t *testing.T) {
	const limit, size, polls = 20_000, 21_000, 21
	single, com := random, func(i int) string { return random(i) + ".com" }
	address := func(i int) string { return fmt.Sprintf("%d.%d.%d.9", 1+i*7%220, i/256%256, i%256) }
	for name, test := range map[string]struct {
		floods []func(int) string
		asked  func(i int) int // how often a name of a flood is asked
	}{
		"one label, com": {[]func(int) string{single, com, single}, func(int) int { return 1 }},
		"com":            {[]func(int) string{com, com, com}, func(int) int { return 1 }},
		"asked twice":    {[]func(int) string{com, single, com}, func(int) int { return 2 }},
		"asked 1 to 5":   {[]func(int) string{com, com}, func(i int) int { return 1 + i%5 }},
		"addresses":      {[]func(int) string{address, address}, func(int) int { return 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			dir, poll, sum, ordinary := t.TempDir(), 0, 0, map[string]int{}
			next := func(n int, key func(int) string, asked func(int) int) {
				commit(t, dir, poll, limit, func(w io.Writer) {
					for i := range n {
						sum += asked(i)
						fmt.Fprintf(w, "%s %d 2026-02-08T%02d:%02d:00Z\n", key(i), asked(i), poll/60, poll%60)
					}
					fmt.Fprintf(w, "-- cursor: c%d\n", poll+1)
				})
				poll++
			}
			some := func(n, set int) {
				key := func(i int) string {
					if name == "addresses" {
						return fmt.Sprintf("198.51.%d.%d", set, i)
					}
					return fmt.Sprintf("host%d.set%dsite%d.%s", i, set, i/5, []string{"com", "net", "org"}[i%3])
				}
				asked := func(i int) int { return 1 + i/3%4 }
				next(n, key, asked)
				for i := range n {
					ordinary[key(i)] = asked(i)
				}
			}
			some(250, 0)
			for i, key := range test.floods {
				for part := range polls {
					at := size*i + size/polls*part
					next(size/polls, func(n int) string { return key(at + n) }, test.asked)
				}
				some(15, 1+i)
			}
			rows, got := countsOf(t, filepath.Join(dir, "rows.log"))
			if len(rows) > limit || got != sum {
				t.Errorf("%d rows, sum %d, want %d", len(rows), got, sum)
			}
			for key, n := range ordinary {
				if rows[key] != n {
					t.Errorf("%s: %d, want %d", key, rows[key], n)
				}
			}
		})
	}
}

func countsOf(t *testing.T, file string) (rows map[string]int, sum int) {
	t.Helper()
	text, err := os.ReadFile(file)
	testtools.Must(t, err)
	rows = map[string]int{}
	for line := range strings.Lines(string(text)) {
		var key string
		var n int
		fmt.Sscan(line, &key, &n)
		rows[key] = n
		sum += n
	}
	return rows, sum
}
