package fleet

import (
	"bytes"
	"path/filepath"
	"strings"
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

// The keys of which the number of hosts is counted.
const (
	Names     = iota
	Domains   // registrable ones
	Addresses // contacted ones
	Led       // addresses that names lead to
	topLevels // top-level domains
	ownNets   // each /16 and /48 of the fleet's own, once for each of its addresses that a host reaches
	roleKeys  // domains, and own addresses, of the hosts of a role
	counted
)

// counts holds for each hash the number of hosts that have it.
type counts [counted]*sighting.Prevalence

func newCounts() (c counts) {
	for i := range c {
		c[i] = sighting.NewPrevalence()
	}
	return c
}

// counting is the first reading of a host: which keys it has.
type counting struct {
	hashes [counted][]uint64
	role   uint64
	seen   map[uint64]bool // domains, and addresses that names lead to
}

// run reads a host, which has a number. Faults in its files are found when they are read
// again.
func (c *counting) run(f *Fleet, host uint32, dir string) {
	for i := range c.hashes {
		c.hashes[i] = c.hashes[i][:0]
	}
	c.role = hashString(Role(filepath.Base(dir)))
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
	f.lock.Lock()
	defer f.lock.Unlock()
	for i, hashes := range c.hashes {
		for _, h := range hashes {
			f.On[i].Add(h, host)
		}
	}
}

func (c *counting) add(to int, hash uint64) { c.hashes[to] = append(c.hashes[to], hash) }

func (c *counting) address(own *networks.Own, key []byte) {
	hash := sighting.Hash(key)
	c.add(Addresses, hash)
	if !own.MayHold(key) { // parsing all of them takes a tenth longer
		return
	}
	if p, ok := fold.Address(key); ok && own.Holds(p) {
		c.add(ownNets, networkHash(networkOf(p)))
		c.add(roleKeys, ofRole(hash, c.role))
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
	c.add(Names, sighting.Hash(rec.Key))
	key, _ := fold.Names(rec.Key)
	of := suffix.Registrable(unsafe.String(unsafe.SliceData(key), len(key))) // only read
	if hash := hashString(of); c.once(Domains, hash) {
		c.add(roleKeys, ofRole(hash, c.role))
		c.once(topLevels, hashString(topLevel(of)))
	}
	if len(rec.IPs) < 2 || string(rec.Key) == fold.Unprintable { // "-", or no name
		return
	}
	for list := rec.IPs; len(list) > 0; {
		ip, rest, _ := bytes.Cut(list, []byte{','})
		c.once(Led, sighting.Hash(ip))
		list = rest
	}
}

func (c *counting) once(to int, hash uint64) bool {
	if c.seen[hash] {
		return false
	}
	c.seen[hash] = true
	c.add(to, hash)
	return true
}

// topLevel returns the last label of a name with the dot before it, so that it is
// not a name.
func topLevel(name string) string { return name[max(0, strings.LastIndexByte(name, '.')):] }

// ofRole returns the hash of a key on the hosts of a role.
func ofRole(key, role uint64) uint64 { return (key ^ role*0x9e3779b97f4a7c15) | 1 }
