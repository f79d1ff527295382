package union

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math/rand"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"egress-monitor/lib/batch"
)

// A maker makes random records.
type maker struct {
	*rand.Rand
	folded int  // of a hundred keys and addresses
	ips    bool // three fields
	net    bool // prefixes in lists that lead somewhere
	dense  bool // many addresses and reverse names of few prefixes
}

// text is records, in order or not.
func (m *maker) text() string {
	var lines []string
	rows := m.Intn(40)
	if m.dense {
		rows = 100 + m.Intn(150)
	}
	for range rows {
		line := fmt.Sprintf("%s %d %s", m.key(), m.count(), m.last())
		if !m.ips {
			line += " " + m.list()
		}
		lines = append(lines, line+"\n")
	}
	if m.Intn(3) > 0 {
		return read(&testing.T{}, lines...).limited(0, 0).String()
	}
	return strings.Join(lines, "")
}

// count is small, but for one in fifty.
func (m *maker) count() int {
	if m.Intn(50) == 0 {
		return 62 + m.Intn(4)
	}
	return m.Intn(4)
}

// last is one of few times, of which some are of one minute.
func (m *maker) last() string {
	if m.Intn(3) == 0 {
		return fmt.Sprintf("2026-02-03T00:%02d:%02dZ", m.Intn(3), m.Intn(3)*29)
	}
	return fmt.Sprintf("2026-02-%02dT00:00:00Z", 1+m.Intn(6))
}

var zones = []string{"com", "com", "net", "co.uk", "uk", "github.io", "io", "s3.amazonaws.com", "amazonaws.com", "www.ck", "x.ck",
	"2.0.192.in-addr.arpa", "0.192.in-addr.arpa", "in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa", "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
	"lan", "1", ".", "", "", "example.com", "example.com", "b.example.net"}

func (m *maker) key() string {
	if m.ips || m.Intn(6) == 0 {
		return m.address(m.folded)
	}
	if m.dense && m.Intn(2) == 0 {
		return fmt.Sprintf("%d.%d.0.192.in-addr.arpa", m.Intn(256), m.Intn(2))
	}
	name := zones[m.Intn(len(zones))]
	for range m.Intn(3) {
		name = strings.TrimSuffix(fmt.Sprintf("%c%d.%s", 'a'+m.Intn(3), m.Intn(3), name), ".")
	}
	if name == "" {
		return fmt.Sprintf("host%d", m.Intn(30))
	}
	if m.Intn(100) < m.folded {
		name = "*." + name
	}
	if m.folded > 0 && m.Intn(300) == 0 {
		name = "*"
	}
	return name
}

func (m *maker) address(folded int) string {
	b4 := [4]byte{10, byte(m.Intn(2)), byte(m.Intn(3)), byte(m.Intn(4))}
	b6 := [16]byte{0x20, 1, byte(m.Intn(2)), byte(m.Intn(2)), 7: byte(m.Intn(2)), 15: byte(m.Intn(3))}
	if m.dense {
		b4[3], b6[15] = byte(m.Intn(256)), byte(m.Intn(256))
	}
	a := netip.AddrFrom4(b4)
	switch m.Intn(8) {
	case 0:
		a = netip.AddrFrom16(a.As16())
	case 1, 2, 3:
		a = netip.AddrFrom16(b6)
	}
	if m.Intn(100) >= folded {
		return a.String()
	}
	return netip.PrefixFrom(a, m.Intn(a.BitLen()+1)).Masked().String()
}

func (m *maker) list() string {
	var ips []string
	for range m.Intn(8) {
		ip := m.address(m.folded / 2)
		if m.net || !strings.Contains(ip, "/") || leadsNowhere(ip) {
			ips = append(ips, ip)
		}
	}
	if ips == nil {
		return "-"
	}
	slices.Sort(ips)
	return strings.Join(slices.Compact(ips), ",")
}

// A mergeWay merges texts in one of three ways: as files, as a stream, or
// into a file.
type mergeWay struct {
	*rand.Rand
	t         testing.TB
	dir       string
	files     int
	rows, ips int
}

func (m *mergeWay) of(texts ...string) string {
	m.t.Helper()
	u := New(m.dir, func(s batch.Skipped) { m.t.Error(s) })
	u.Damaged = func(name string) { m.t.Error("damaged") }
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

func (m *mergeWay) into(u *Union, text string) string {
	m.t.Helper()
	old, err := os.Open(m.file(text))
	m.must(err)
	defer old.Close()
	staged, err := os.OpenFile(m.file(""), os.O_RDWR, 0)
	m.must(err)
	defer staged.Close()
	var seal *uint32
	if sum := sumOf(text); m.Intn(2) == 0 && text == read(m.t, text).limited(0, 0).String() {
		seal = &sum
	}
	sum, rejected, err := u.Into(old, staged, seal)
	m.must(err)
	if len(rejected) > 0 {
		m.t.Errorf("rejected %q", rejected)
	}
	out, err := os.ReadFile(staged.Name())
	m.must(err)
	if sum != sumOf(string(out)) {
		m.t.Errorf("another sum than that of what was written")
	}
	return string(out)
}

func sumOf(text string) uint32 {
	return crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli))
}

func (m *mergeWay) file(text string) string {
	m.files++
	name := filepath.Join(m.dir, fmt.Sprint("file", m.files%8))
	m.must(os.WriteFile(name, []byte(text), 0o600))
	return name
}

func (m *mergeWay) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// cases is how many random cases there are: forty times as many if EGRESS_CASES
// is 40, as it was when this was new.
func cases(n int) int {
	times, err := strconv.Atoi(os.Getenv("EGRESS_CASES"))
	if err != nil {
		times = 1
	}
	return n * times
}

// Where nothing has to be folded, merging is addition: in every order and
// grouping the same bytes, those of the model, whatever is folded already.
func TestMergeOfFoldedIsAddition(t *testing.T) {
	dir := t.TempDir()
	for seed := range int64(cases(30)) {
		r := rand.New(rand.NewSource(seed))
		m := &mergeWay{Rand: r, t: t, dir: dir}
		if r.Intn(2) == 0 {
			m.rows, m.ips = 800, 100
		}
		make := &maker{Rand: r, folded: r.Intn(3) * 15, ips: r.Intn(4) == 0, net: true}
		a, b, c := make.text(), make.text(), make.text()
		want := read(t, a, b, c).limited(0, 0).String()
		for i, got := range []string{
			m.of(a, b, c), m.of(c, a, b), m.of(m.of(a, b), c), m.of(a, m.of(c, b)), m.of(m.of(c), m.of(b, a), ""), m.of(want),
		} {
			if got != want {
				t.Fatalf("seed %d, way %d: got\n%swant\n%sof\n%s\n%s\n%s", seed, i, got, want, a, b, c)
			}
		}
		if got, want := m.of(want, b), read(t, want, b).limited(0, 0).String(); got != want {
			t.Fatalf("seed %d: got\n%swant\n%s", seed, got, want)
		}
	}
}

// Where something has to be folded, the model folds it in the same way, whatever
// the order of the inputs. The limits hold, the sum of the counts stays, and a
// second time nothing is folded; also where parts were folded before.
func TestLimits(t *testing.T) {
	dir := t.TempDir()
	for seed := range int64(cases(250)) {
		r := rand.New(rand.NewSource(seed))
		m := &mergeWay{Rand: r, t: t, dir: dir, rows: 1 + r.Intn(40), ips: 2 + r.Intn(5)}
		make := &maker{Rand: r, folded: r.Intn(3) * 10, ips: r.Intn(4) == 0, dense: r.Intn(40) == 0}
		if make.dense {
			m.rows = 20 + r.Intn(250)
		}
		a, b, c := make.text(), make.text(), make.text()
		whole := read(t, a, b, c)
		want := whole.limited(m.rows, m.ips).String()
		for _, got := range []string{m.of(a, b, c), m.of(c, a, b)} {
			if got != want {
				t.Fatalf("seed %d: %d rows, %d addresses: got\n%swant\n%sof\n%s", seed, m.rows, m.ips, got, want, whole.limited(0, 0))
			}
		}
		for _, got := range []string{want, m.of(m.of(c, a), b)} {
			if why := wrong(read(t, got), whole, m); why != "" {
				t.Fatalf("seed %d: %d rows, %d addresses: %s: got\n%sof\n%s", seed, m.rows, m.ips, why, got, whole)
			}
			if again := m.of(got); again != got {
				t.Fatalf("seed %d: again:\n%safter\n%s", seed, again, got)
			}
		}
	}
}

func wrong(got, whole model, m *mergeWay) string {
	sum, of := 0, 0
	for _, r := range whole {
		of += r.Count
	}
	for _, r := range got {
		if sum += r.Count; len(r.IPs) > m.ips {
			return "too many addresses"
		}
	}
	switch {
	case len(got) > m.rows:
		return "too many rows"
	case sum != of:
		return "wrong sum"
	}
	return ""
}
