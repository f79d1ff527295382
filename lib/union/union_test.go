package union

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"egress-monitor/lib/batch"
)

// model is an aggregate as a map: the slow, plain truth. It shares no code
// with what it tests.
type model map[string]*row

type row struct {
	count int
	last  string
	ips   map[string]bool
}

func read(t testing.TB, texts ...string) model {
	t.Helper()
	m := model{}
	for line := range strings.Lines(strings.Join(texts, "")) {
		f := strings.Fields(line)
		var n int
		if _, err := fmt.Sscan(f[1], &n); err != nil || len(f) != 4 {
			t.Fatalf("%q: %v", line, err)
		}
		m.add(f[0], &row{n, f[2], toSet(f[3])})
	}
	return m
}

func toSet(list string) map[string]bool {
	ips := map[string]bool{}
	for ip := range strings.SplitSeq(list, ",") {
		ips[ip] = ip != "-"
	}
	delete(ips, "-")
	return ips
}

func (m model) add(key string, r *row) {
	sum := m[key]
	if sum == nil {
		sum = &row{ips: map[string]bool{}}
		m[key] = sum
	}
	sum.count, sum.last = sum.count+r.count, max(sum.last, r.last)
	maps.Copy(sum.ips, r.ips)
}

// absorbed is m after folded rows have taken what they cover.
func (m model) absorbed() model {
	out := model{}
	for key, r := range m {
		out.add(widest(maps.Keys(m), key), r)
	}
	for _, r := range out {
		ips := map[string]bool{}
		for ip := range r.ips {
			ips[widest(maps.Keys(r.ips), ip)] = true
		}
		r.ips = ips
	}
	return out
}

func widest(keys func(func(string) bool), key string) string {
	for k := range keys {
		if covers(k, key) {
			key = k
		}
	}
	return key
}

// covers says whether folded stands for key, which is another one.
func covers(folded, key string) bool {
	outer, err := netip.ParsePrefix(folded)
	inner, ok := prefix(key)
	switch {
	case folded == key:
		return false
	case folded == "*":
		return true
	case err == nil:
		return ok && outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
	}
	return !ok && strings.HasPrefix(folded, "*.") && !strings.HasSuffix(folded, ".") && strings.HasSuffix(key, folded[1:])
}

func prefix(key string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(key); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(key)
	return p, err == nil
}

func (m model) String() string {
	var lines []string
	for key, r := range m {
		ips := slices.Sorted(maps.Keys(r.ips))
		if len(ips) == 0 {
			ips = []string{"-"}
		}
		lines = append(lines, fmt.Sprintf("%s %d %s %s\n", key, r.count, r.last, strings.Join(ips, ",")))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// randomText is records, in order or not; some of them are folded rows.
func randomText(r *rand.Rand, folded int) string {
	var lines []string
	for range r.Intn(40) {
		lines = append(lines, fmt.Sprintf("%s %d 2026-02-%02dT00:00:00Z %s\n", randomKey(r, folded), r.Intn(5), 1+r.Intn(28), randomList(r, folded)))
	}
	if r.Intn(3) > 0 {
		lines = []string{read(&testing.T{}, lines...).absorbed().String()}
	}
	return strings.Join(lines, "")
}

func randomKey(r *rand.Rand, folded int) string {
	if r.Intn(4) == 0 {
		return randomIP(r, folded)
	}
	name := []string{"com", "net", "co.uk", "2.0.192.in-addr.arpa", "1", "."}[r.Intn(6)]
	for range r.Intn(4) {
		name = fmt.Sprintf("%c.%s", 'a'+r.Intn(4), name)
	}
	if r.Intn(100) < folded {
		name = "*." + name
	}
	if folded > 0 && r.Intn(2000) == 0 {
		name = "*"
	}
	return name
}

func randomIP(r *rand.Rand, folded int) string {
	var a netip.Addr
	if r.Intn(3) > 0 {
		a = netip.AddrFrom4([4]byte{10, byte(r.Intn(2)), byte(r.Intn(3)), byte(r.Intn(4))})
	} else {
		a = netip.AddrFrom16([16]byte{0x20, 1, byte(r.Intn(2)), byte(r.Intn(2)), 7: byte(r.Intn(2)), 15: byte(r.Intn(3))})
	}
	if r.Intn(100) >= folded {
		return a.String()
	}
	bits := []int{8, 16, 24, 32}[r.Intn(4)]
	if a.Is6() {
		bits *= 2
	}
	return netip.PrefixFrom(a, bits).Masked().String()
}

func randomList(r *rand.Rand, folded int) string {
	var ips []string
	for range r.Intn(6) {
		ips = append(ips, randomIP(r, folded/2))
	}
	if ips == nil {
		return "-"
	}
	slices.Sort(ips)
	return strings.Join(slices.Compact(ips), ",")
}

// a merge merges texts in one of the ways there are: as files, as a stream,
// into a file.
type merge struct {
	*rand.Rand
	t         testing.TB
	rows, ips int
}

func (m *merge) of(texts ...string) string {
	m.t.Helper()
	u := New(m.t.TempDir(), func(s batch.Skipped) { m.t.Error(s) })
	defer u.Close()
	u.Rows, u.IPs = m.rows, m.ips
	var old *string
	for i, text := range texts {
		name := m.file(text)
		switch {
		case old == nil && m.Intn(2) == 0:
			old = &texts[i]
		case m.Intn(2) == 0:
			m.must(u.AddFiles([]string{name}))
		default:
			m.must(u.AddStream(batch.NewScanner(strings.NewReader(text), "stream")))
		}
	}
	if old == nil {
		var out bytes.Buffer
		m.must(u.Write(&out))
		return out.String()
	}
	return m.into(u, *old)
}

func (m *merge) into(u *Union, text string) string {
	m.t.Helper()
	old, err := os.Open(m.file(text))
	m.must(err)
	defer old.Close()
	staged, err := os.OpenFile(m.file(""), os.O_RDWR, 0)
	m.must(err)
	defer staged.Close()
	rejected, err := u.Into(old, staged, m.Intn(2) == 0 && text == read(m.t, text).absorbed().String())
	m.must(err)
	if len(rejected) > 0 {
		m.t.Errorf("rejected %q", rejected)
	}
	out, err := os.ReadFile(staged.Name())
	m.must(err)
	return string(out)
}

func (m *merge) file(text string) string {
	name := filepath.Join(m.t.TempDir(), "file")
	m.must(os.WriteFile(name, []byte(text), 0o600))
	return name
}

func (m *merge) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// Where nothing has to be folded, merging is addition: in every order and
// grouping the same bytes, those of the model, whatever is folded already.
func TestMergeOfFoldedIsAddition(t *testing.T) {
	for seed := range int64(80) {
		r := rand.New(rand.NewSource(seed))
		m := &merge{Rand: r, t: t}
		if r.Intn(2) == 0 {
			m.rows, m.ips = 200, 100
		}
		folded := r.Intn(3) * 10
		a, b, c := randomText(r, folded), randomText(r, folded), randomText(r, folded)
		want := read(t, a, b, c).absorbed().String()
		for i, got := range []string{
			m.of(a, b, c), m.of(c, a, b), m.of(m.of(a, b), c), m.of(a, m.of(c, b)), m.of(m.of(c), m.of(b, a), ""), m.of(want), m.of(want, b),
		} {
			if i == 6 {
				continue // counts b twice; see below
			}
			if got != want {
				t.Fatalf("seed %d, way %d: got\n%swant\n%sof\n%s\n%s\n%s", seed, i, got, want, a, b, c)
			}
		}
		if got, want := m.of(want, b), read(t, want, b).absorbed().String(); got != want {
			t.Fatalf("seed %d: got\n%swant\n%s", seed, got, want)
		}
	}
}

// Where something has to be folded: no more rows and addresses than allowed,
// the sum of counts stays, what was there is covered, what is not folded is as
// it was. In every order.
func TestLimitsHold(t *testing.T) {
	for seed := range int64(100) {
		r := rand.New(rand.NewSource(seed))
		m := &merge{Rand: r, t: t, rows: 1 + r.Intn(30), ips: 2 + r.Intn(4)}
		folded := r.Intn(2) * 5
		a, b, c := randomText(r, folded), randomText(r, folded), randomText(r, folded)
		whole := read(t, a, b, c).absorbed()
		for _, got := range []string{m.of(a, b, c), m.of(m.of(c, a), b), m.of(a, m.of(b, c))} {
			if why := wrong(read(t, got), whole, m); why != "" {
				t.Fatalf("seed %d: %d rows, %d addresses: %s: got\n%sof\n%s", seed, m.rows, m.ips, why, got, whole)
			}
			if again := m.of(got); again != got {
				t.Fatalf("seed %d: again:\n%safter\n%s", seed, again, got)
			}
		}
	}
}

func wrong(got, whole model, m *merge) string {
	switch {
	case len(got) > m.rows:
		return "too many rows"
	case len(whole) <= m.rows && len(got) < len(whole):
		return "folded without need"
	}
	sums := model{}
	for key, r := range whole {
		sums.add(widest(maps.Keys(got), key), r)
	}
	for key, want := range sums {
		g := got[key]
		if g == nil || g.count != want.count || g.last != want.last {
			return "wrong row of " + key
		}
		if len(g.ips) > m.ips {
			return "too many addresses of " + key
		}
		for ip := range want.ips {
			if top := widest(maps.Keys(g.ips), ip); !g.ips[top] {
				return ip + " is lost of " + key
			}
		}
	}
	return ""
}
