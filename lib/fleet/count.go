package fleet

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"unsafe"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/networks"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/sighting"
	"egress-monitor/lib/suffix"

	"os"
)

// counting is the first reading of a host: which keys it has.
type counting struct {
	names, domains, led, ips []uint64
	tops                     []uint64        // top-level domains
	own                      []uint64        // the network of each own address that it reaches
	ownKeys                  []uint64        // these addresses
	seen                     map[uint64]bool // domains, and addresses that names lead to
}

// counts is on how many hosts keys are.
type counts struct {
	lock                             sync.Mutex
	Names, DomainHosts, AddressHosts *sighting.Prevalence
	Led                              *sighting.Prevalence // addresses that names lead to
	TopLevels                        *sighting.Prevalence // top-level domains
	RoleKeys                         *sighting.Prevalence // domains, and own addresses, of a role
	OwnNetworks                      *sighting.Prevalence // addresses reached in each /16 and /48 of the fleet's own, once for each host
}

func newCounts() counts {
	return counts{
		Names: sighting.NewPrevalence(), DomainHosts: sighting.NewPrevalence(),
		AddressHosts: sighting.NewPrevalence(), Led: sighting.NewPrevalence(), RoleKeys: sighting.NewPrevalence(), TopLevels: sighting.NewPrevalence(),
		OwnNetworks: sighting.NewPrevalence(),
	}
}

// run reads a host. Faults in its files are found when they are read
// again.
func (c *counting) run(f *Fleet, dir string) {
	c.names, c.domains, c.led, c.ips, c.own, c.ownKeys, c.tops = c.names[:0], c.domains[:0], c.led[:0], c.ips[:0], c.own[:0], c.ownKeys[:0], c.tops[:0]
	if c.seen == nil {
		c.seen = map[uint64]bool{}
	}
	clear(c.seen)
	eachKey(filepath.Join(dir, pulled.Domains), func(rec aggregate.Record) {
		if !f.canaries.names[string(rec.Key)] {
			c.name(rec)
		}
	})
	eachKey(filepath.Join(dir, pulled.IPs), func(rec aggregate.Record) {
		if !f.canaries.texts[string(rec.Key)] {
			c.address(f.Own, rec.Key)
		}
	})
	role := hashString(Role(filepath.Base(dir)))
	f.lock.Lock()
	defer f.lock.Unlock()
	for _, keys := range [][]uint64{c.domains, c.ownKeys} {
		for _, h := range keys {
			f.RoleKeys.Add(ofRole(h, role))
		}
	}
	for to, hashes := range map[*sighting.Prevalence][]uint64{f.Names: c.names, f.DomainHosts: c.domains, f.Led: c.led, f.AddressHosts: c.ips, f.OwnNetworks: c.own, f.TopLevels: c.tops} {
		for _, h := range hashes {
			to.Add(h)
		}
	}
}

func (c *counting) address(own *networks.Own, key []byte) {
	hash := sighting.Hash(key)
	c.ips = append(c.ips, hash)
	if !own.MayHold(key) { // parsing all of them takes a tenth longer
		return
	}
	if p, ok := fold.Address(key); ok && own.Holds(p) {
		c.own = append(c.own, networkHash(networkOf(p)))
		c.ownKeys = append(c.ownKeys, hash)
	}
}

func eachKey(path string, do func(aggregate.Record)) {
	if !isRegular(path) {
		return
	}
	in, err := os.Open(path)
	if err != nil {
		return
	}
	defer in.Close() // was only read
	lines := batch.NewScanner(in, path)
	lines.Max = aggregate.MaxRow
	for lines.Scan() {
		if rec, err := aggregate.Parse(lines.Bytes()); err == nil {
			do(rec)
		}
	}
}

func (c *counting) name(rec aggregate.Record) {
	c.names = append(c.names, sighting.Hash(rec.Key))
	key, _ := fold.Names(rec.Key)
	of := suffix.Registrable(unsafe.String(unsafe.SliceData(key), len(key))) // only read
	if c.once(&c.domains, hashString(of)) {
		c.once(&c.tops, hashString(topLevel(of)))
	}
	if len(rec.IPs) < 2 || string(rec.Key) == fold.Unprintable { // "-", or no name
		return
	}
	for list := rec.IPs; len(list) > 0; {
		ip, rest, _ := bytes.Cut(list, []byte{','})
		c.once(&c.led, sighting.Hash(ip))
		list = rest
	}
}

func (c *counting) once(to *[]uint64, hash uint64) bool {
	if c.seen[hash] {
		return false
	}
	c.seen[hash] = true
	*to = append(*to, hash)
	return true
}

// topLevel returns the last label of a name with the dot before it, so that it is
// not a name.
func topLevel(name string) string { return name[max(0, strings.LastIndexByte(name, '.')):] }

// ofRole returns the hash of a key on the hosts of a role.
func ofRole(key, role uint64) uint64 { return (key ^ role*0x9e3779b97f4a7c15) | 1 }
