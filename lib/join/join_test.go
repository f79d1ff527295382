package join

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand"
	"net"
	"slices"
	"strings"
	"testing"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/testtools"
	"egress-monitor/lib/union"
)

// TestAgainstSlow compares all three answers with those of an implementation
// that shares nothing with this one: intervals of big integers, each row
// against each.
func TestAgainstSlow(t *testing.T) {
	for seed := range int64(150) {
		r := rand.New(rand.NewSource(seed))
		domains, ips := randomDomains(r), randomIPs(r)
		wantAll, wantDirect, wantUnvisited := slow(domains, ips)
		file := open(t, domains)
		table, err := Read(file)
		testtools.Must(t, err)
		stream := func() *union.Reader {
			return union.Stream(func(s batch.Skipped) { t.Error(s) }, testtools.File(t, strings.Join(ips, "")))
		}
		var all, direct, unvisited strings.Builder
		err1 := table.Print(&all, stream())
		err2 := table.PrintDirect(&direct, stream())
		err3 := table.PrintUnvisited(&unvisited, stream(), file)
		testtools.Must(t, errors.Join(err1, err2, err3))
		same(t, seed, "all", all.String(), wantAll)
		same(t, seed, "direct", direct.String(), wantDirect)
		same(t, seed, "unvisited", unvisited.String(), wantUnvisited)
	}
}

func same(t *testing.T, seed int64, what, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("seed %d: %s: got\n%swant\n%s", seed, what, got, want)
	}
}

func randomDomains(r *rand.Rand) []string {
	seen := map[string]bool{}
	var lines []string
	for range r.Intn(50) {
		name := fmt.Sprintf("%s%c%d.example", []string{"", "", "*."}[r.Intn(3)], 'a'+r.Intn(3), r.Intn(20))
		if seen[name] {
			continue
		}
		seen[name] = true
		var list []string
		for range r.Intn(4) {
			list = append(list, randomAddress(r, false))
		}
		slices.Sort(list)
		text := strings.Join(uncovered(slices.Compact(list)), ",")
		if text == "" {
			text = "-"
		}
		lines = append(lines, fmt.Sprintf("%s %d 2026-02-08T21:30:00Z %s\n", name, r.Intn(9), text))
	}
	slices.Sort(lines)
	return lines
}

// uncovered is a list as a merge leaves it: without what its prefixes cover.
func uncovered(list []string) (rest []string) {
	for _, x := range list {
		first, last := interval(x)
		if !slices.ContainsFunc(list, func(p string) bool {
			from, to := interval(p)
			return p != x && !moreThan(p, 24, 48) && strings.Contains(p, "/") && from.Cmp(first) <= 0 && last.Cmp(to) <= 0
		}) {
			rest = append(rest, x)
		}
	}
	return rest
}

func randomIPs(r *rand.Rand) []string {
	var lines []string
	for range r.Intn(80) {
		lines = append(lines, fmt.Sprintf("%s %d 2026-02-08T21:30:00Z\n", randomAddress(r, true), 1+r.Intn(9)*(1+r.Intn(40))))
	}
	return lines
}

// randomAddress makes addresses and prefixes, dense enough to meet.
func randomAddress(r *rand.Rand, mapped bool) string {
	v4 := fmt.Sprintf("192.0.%d.%d", 2+r.Intn(3), r.Intn(16))
	v6 := fmt.Sprintf("2001:db8:%x::%x", 1+r.Intn(3), 1+r.Intn(12))
	switch n := r.Intn(12); {
	case n < 5:
		return v4
	case n < 8:
		return v6
	case n == 8 && mapped:
		return "::ffff:" + v4
	case n == 9:
		_, p, _ := net.ParseCIDR(fmt.Sprintf("%s/%d", v6, 32+r.Intn(97)))
		return p.String()
	}
	_, p, _ := net.ParseCIDR(fmt.Sprintf("%s/%d", v4, 14+r.Intn(19)))
	return p.String()
}

// interval is the addresses of a prefix, as numbers. IPv4 lies where
// ::ffff:0:0/96 does.
func interval(text string) (first, last *big.Int) {
	if !strings.Contains(text, "/") {
		n := new(big.Int).SetBytes(net.ParseIP(text).To16())
		return n, n
	}
	ip, network, _ := net.ParseCIDR(text)
	ones, bits := network.Mask.Size()
	size := new(big.Int).Lsh(big.NewInt(1), uint(bits-ones))
	first = new(big.Int).SetBytes(ip.Mask(network.Mask).To16())
	return first, size.Add(size, first).Sub(size, big.NewInt(1))
}

func overlap(a, b string) bool {
	a1, a2 := interval(a)
	b1, b2 := interval(b)
	return a1.Cmp(b2) <= 0 && b1.Cmp(a2) <= 0
}

func leads(domain, ip string) bool {
	list := strings.Fields(domain)[3]
	return list != "-" && slices.ContainsFunc(strings.Split(list, ","), func(x string) bool { return !moreThan(x, 24, 48) && overlap(x, ip) })
}

// moreThan says whether a prefix is wider than one of so many bits.
func moreThan(prefix string, bits4, bits6 int) bool {
	_, p, err := net.ParseCIDR(prefix)
	if err != nil {
		return false
	}
	ones, bits := p.Mask.Size()
	return bits == 32 && ones < bits4 || bits == 128 && ones < bits6
}

// isDirect says whether no name can have led to some of what a row stands for.
func isDirect(domains []string, row string, names int) bool {
	ip := strings.Fields(row)[0]
	switch {
	case moreThan(ip, 17, 49):
		return true
	case !strings.HasSuffix(ip, ".0/24"):
		return names == 0
	}
	n := 0
	for i := range 256 {
		one := strings.Replace(ip, ".0/24", fmt.Sprint(".", i), 1)
		if slices.ContainsFunc(domains, func(d string) bool { return leads(d, one) }) {
			n++
		}
	}
	return n <= 128
}

func slow(domains, ips []string) (all, direct, unvisited string) {
	visited := map[string]bool{}
	for _, row := range ips {
		ip, names := strings.Fields(row)[0], []string(nil)
		for _, d := range domains {
			if leads(d, ip) {
				visited[d] = true
				names = append(names, strings.Fields(d)[0])
			}
		}
		slices.Sort(names)
		if isDirect(domains, row, len(names)) {
			direct += row
		}
		if names == nil {
			names = []string{"-"}
		}
		all += strings.TrimSuffix(row, "\n") + " " + strings.Join(names, ",") + "\n"
	}
	for _, d := range domains {
		if !visited[d] && !strings.HasSuffix(d, " -\n") {
			unvisited += d
		}
	}
	return all, direct, unvisited
}

func open(t testing.TB, lines []string) *union.File {
	t.Helper()
	f, err := union.Open(func(s batch.Skipped) { t.Error(s) }, testtools.File(t, strings.Join(lines, "")))
	testtools.Must(t, err)
	t.Cleanup(f.Close)
	return f
}
