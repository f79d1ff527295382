package fleet

import (
	"bufio"
	"fmt"
	"math/rand"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"egress-monitor/lib/allow"
	"egress-monitor/lib/resolvers"
	"egress-monitor/lib/sighting"
	"egress-monitor/lib/testtools"
)

// newReading returns one of a host without rows.
func newReading() *reading {
	f := &Fleet{Options: Options{Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}, Hosts: make([]Host, 1)}
	r := &reading{f: f}
	r.reset(0)
	return r
}

// TestRest: the crowd of more items than are held is that of all of them.
func TestRest(t *testing.T) {
	r, whole := newReading(), newReading()
	random := rand.New(rand.NewSource(1))
	var all []Item
	for i := range 3*maxHeld + 7 {
		first := sighting.ParseStamp(fmt.Appendf(nil, "2026-%02d-%02dT21:30:00Z", 9+random.Intn(3), 1+random.Intn(22)))
		item := Item{What: fmt.Sprint("name", i), Count: uint64(random.Intn(1e6)), First: first, Last: first + sighting.Stamp(random.Intn(6))*1e6, Born: random.Intn(2) == 0, Alike: random.Intn(2)}
		item.New = item.Born && random.Intn(10) == 0
		r.add(Unanswered, item)
		all = append(all, item)
	}
	if n := len(r.crowds[Unanswered]); n > maxHeld {
		t.Errorf("%d items are held", n)
	}
	r.weeks(Unanswered, r.crowds[Unanswered])
	whole.weeks(Unanswered, all)
	if r.host.Weeks != whole.host.Weeks {
		t.Errorf("weeks %v, want %v", r.host.Weeks, whole.host.Weeks)
	}
	if got, want := r.rest[Unanswered].with(r.crowds[Unanswered]), crowdOf(all); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// TestRestOfSweeps: the addresses of a network stay one thing, however many there
// are.
func TestRestOfSweeps(t *testing.T) {
	r := newReading()
	var all []Item
	for i := range 2*maxHeld + 7 {
		address := netip.AddrFrom4([4]byte{198, 51, byte(i % 200), byte(i >> 8)})
		item := Item{What: address.String(), Count: uint64(i), Last: sighting.Stamp(i), Born: i%3 == 0, net: lanHash(netip.PrefixFrom(address, 32))}
		r.add(Direct4, item)
		all = append(all, item)
	}
	got, want := crowdOf(sweeps(r.crowds[Direct4])), crowdOf(sweeps(all))
	got.Typical, want.Typical = 0, 0
	if !reflect.DeepEqual(got, want) || got.All() == 0 || r.rest[Direct4].All() != 0 {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// TestRestOfTogether: domains that lead to one address stay one thing.
func TestRestOfTogether(t *testing.T) {
	r := newReading()
	for i := range 2*maxHeld + 7 {
		r.add(Domain, Item{What: fmt.Sprint("name", i), Addr: "192.0.2.1", Names: 1})
	}
	if got := together(r.crowds[Domain]); len(got) != 1 || got[0].Alike != 2*maxHeld+6 || got[0].Names != 2*maxHeld+7 {
		t.Errorf("%d items, the first one %+v", len(got), got[0])
	}
}

// TestMemory: a host of very many rows, all of them rare, takes no more memory
// than the manual says.
func TestMemory(t *testing.T) {
	const rows = 250_000
	dir := t.TempDir()
	writeRare(t, filepath.Join(dir, "web1"), rows)
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	before := live()
	var most uint64
	stop, done := make(chan bool), sync.WaitGroup{}
	done.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				most = max(most, live())
			}
		}
	})
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f, err := Read(dir, Options{Now: now, Since: now.AddDate(0, 0, -7), Known: resolvers.Builtin(), Allow: allow.New()})
	close(stop)
	done.Wait()
	testtools.Must(t, err)
	defer f.Close()
	got := (most - min(most, before)) / rows
	t.Logf("%d bytes for a name and an address", got)
	if most <= before || got > 1000 {
		t.Errorf("%d bytes for a name and an address", got)
	}
	if all := f.Hosts[0].Crowds[Domain].All(); all != rows {
		t.Errorf("%d domains, want %d", all, rows)
	}
}

// live returns the size of what was live when garbage was last collected.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// writeRare writes a host each of whose rows is a domain, or an address, of its
// own.
func writeRare(t *testing.T, host string, rows int) {
	t.Helper()
	testtools.Must(t, os.Mkdir(host, 0o755))
	for name, row := range map[string]func(i int) string{
		"unique-domains.log": func(i int) string {
			return fmt.Sprintf("n%07d.dom%07d.net 3 2026-11-23T11:00:00Z %d.%d.%d.9\n", i, i, 60+i>>16, i>>8&255, i&255)
		},
		"unique-ips.log": func(i int) string {
			return fmt.Sprintf("2001:db8:%x:%x::7 3 2026-11-23T11:00:00Z\n", 0x1000+i>>12, 0x1000+i&0xfff)
		},
	} {
		f, err := os.Create(filepath.Join(host, name))
		testtools.Must(t, err)
		w := bufio.NewWriter(f)
		for i := range rows {
			w.WriteString(row(i)) // Flush has the error
		}
		testtools.Must(t, w.Flush())
		testtools.Must(t, f.Close())
	}
}
