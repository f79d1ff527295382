// Package canary proves that connections and questions are seen, by sending known
// ones.
//
// Each minute one question goes to our dnsmasq, one to the system's resolver,
// which must ask our dnsmasq, and one packet to an address that nothing else
// leads to, and that our own rules log and then drop. Proof that a way sees is
// that the count of its canary's row has risen: a time in a row proves nothing,
// since a clock that was once ahead leaves a late one for years.
package canary

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/ask"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/truth"
)

const patience = 2 * time.Second

// answer is our dnsmasq's answer for its canaries; no other server gives it.
var answer = netip.MustParseAddr(layout.CanaryIP4)

// Ask asks a server for a name that our dnsmasq answers by itself, again if no
// answer came.
func Ask(server netip.AddrPort, name string) error {
	got, err := ask.Unchecked(server, name, patience)
	if err != nil {
		got, err = ask.Unchecked(server, name, patience)
	}
	switch {
	case err != nil:
		return err
	case len(got) != 1 || got[0] != answer:
		return fmt.Errorf("%s does not ask our dnsmasq: %s is %v there", server, name, got)
	}
	return nil
}

// Packet sends one packet to the canary's IPv4 address or, where that has no route,
// to its IPv6 address. The rule after the LOG rule drops it, so call Packet only
// when the rules are there: otherwise the packet leaves the machine.
func Packet() error {
	err := ask.Send(netip.AddrPortFrom(answer, 9), layout.CanaryName)
	if err != nil {
		err = ask.Send(netip.AddrPortFrom(netip.MustParseAddr(layout.CanaryIP6), 9), layout.CanaryName)
	}
	return err
}

// A Sight sums the rows of a way's canaries in the two files.
type Sight struct {
	Count uint64    // canaries counted
	Last  time.Time // the latest time in the rows; zero: no row
	Err   error     // why the file cannot be read
}

func (s *Sight) add(r aggregate.Record) {
	s.Count += r.Count
	if t, err := time.Parse(aggregate.TimeLayout, string(r.Last)); err == nil && t.After(s.Last) {
		s.Last = t
	}
}

// Sights reads the two files, and returns the sight of each way. A missing file
// counts as empty.
func Sights(domains, ips string, open func(name string) (*os.File, error)) map[string]Sight {
	all := map[string]Sight{}
	for _, f := range []struct {
		file string
		rows []row
	}{
		{domains, []row{
			{truth.Names, layout.CanaryName}, {truth.Resolver, layout.SystemCanaryName},
			{truth.Names, "*.egress-monitor.invalid"}, {truth.Resolver, "*.egress-monitor.test"}, // folded: nothing else is below it
		}},
		{ips, []row{
			{truth.Addresses, layout.CanaryIP4}, {truth.Addresses, layout.CanaryIP6},
			{truth.Addresses, "203.0.113.0/24"}, {truth.Addresses, "2001:db8:ffff:ffff::/64"},
		}},
	} {
		err := sights(all, f.file, f.rows, open)
		for _, row := range f.rows {
			s := all[row.way]
			s.Err = err
			all[row.way] = s
		}
	}
	return all
}

type row struct{ way, key string }

func sights(all map[string]Sight, name string, rows []row, open func(string) (*os.File, error)) error {
	f, err := open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() // was only read
	for _, row := range rows {
		r, err := find(f, row.key)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s := all[row.way]
		s.add(r)
		all[row.way] = s
	}
	return nil
}
