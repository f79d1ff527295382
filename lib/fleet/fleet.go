package fleet

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"egress-monitor/lib/allow"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/join"
	"egress-monitor/lib/resolvers"
	"egress-monitor/lib/sighting"
)

// Options say what belongs, and what is late.
type Options struct {
	Now      time.Time
	Stale    time.Duration // a pull older than that is
	Blind    time.Duration // a canary that is older than the pull by that is
	Canaries []string      // names and addresses that are seen only for show
	Allow    *allow.List
	Known    *resolvers.List
	Warn     func(batch.Skipped)
}

// A Fleet is what was found.
type Fleet struct {
	Options
	Hosts     []Host // by name
	Resolvers map[*resolvers.Resolver]*sighting.Seen
	Domains   *sighting.Collector // by Reversed name
	Addresses *sighting.Collector

	canaries canaries
	table    join.Table // of the host that is read
}

// Read reads all hosts of a folder.
func Read(dir string, o Options) (*Fleet, error) {
	names, err := hosts(dir)
	if err != nil {
		return nil, err
	}
	f := &Fleet{
		Options:   o,
		Hosts:     make([]Host, len(names)),
		Resolvers: map[*resolvers.Resolver]*sighting.Seen{},
		Domains:   sighting.NewCollector(os.TempDir()),
		Addresses: sighting.NewCollector(os.TempDir()),
		canaries:  newCanaries(o.Canaries),
	}
	for i, name := range names {
		f.Hosts[i].Name = name
		if err := f.readHost(uint32(i), filepath.Join(dir, name)); err != nil {
			f.Close()
			return nil, err
		}
	}
	f.judge()
	return f, nil
}

// hosts are the folders in dir. One that begins with a dot is not a host.
func hosts(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no hosts: there should be a folder for each", dir)
	}
	return names, nil
}

// Close gives back what is on disk.
func (f *Fleet) Close() {
	f.Domains.Close()
	f.Addresses.Close()
}

// readHost reads one host. What is wrong with its files is a problem of the
// host; an error is one of our own.
func (f *Fleet) readHost(n uint32, dir string) error {
	h := &f.Hosts[n]
	h.status = readStatus(dir)
	h.Pulled = h.status.pulled(dir)
	f.table.Reset()
	names := &domains{f: f, host: h, number: n}
	if err := f.readFile(h, dir, domainsFile, names.add); err != nil {
		return err
	}
	f.table.Sort()
	ips := &addresses{f: f, host: h, number: n, blind: names.rows == 0}
	return f.readFile(h, dir, ipsFile, ips.add)
}
