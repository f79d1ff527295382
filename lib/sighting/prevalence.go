package sighting

import "hash/maphash"

// A Prevalence counts on how many hosts keys were seen, and knows the first of them. It holds the hash of a
// key and not its text, 12 to 32 bytes for each: two keys of one hash, which one
// pair in 2^64 has, would count as one. A map in place of the slots makes the report of a
// host with a million rare names a tenth slower.
type Prevalence struct {
	slots []slot
	used  int
	max   int
	full  bool
}

type slot struct {
	hash  uint64 // 0 is empty
	hosts uint32
	first uint32 // the lowest number of a host
}

// maxPrevalence is how many keys are counted: 256 MiB of slots.
const maxPrevalence = 12 << 20

var seed = maphash.MakeSeed()

// Hash returns the hash of a key in this process.
func Hash(key []byte) uint64 { return maphash.Bytes(seed, key) | 1 }

// NewPrevalence returns an empty one.
func NewPrevalence() *Prevalence {
	return &Prevalence{slots: make([]slot, 1<<10), max: maxPrevalence}
}

// Add counts a host, by its number, for a key. It is called once for each.
func (p *Prevalence) Add(hash uint64, host uint32) {
	s := p.find(hash)
	if s.hash == 0 {
		if p.used >= p.max {
			p.full = true
			return
		}
		s.hash, s.first = hash, host
		p.used++
	}
	s.hosts++
	s.first = min(s.first, host)
	if p.used*4 > len(p.slots)*3 {
		p.grow()
	}
}

// Hosts returns on how many hosts a key was seen. Beyond the limit of keys it
// is 0 for keys that came too late.
func (p *Prevalence) Hosts(hash uint64) uint32 { return p.find(hash).hosts }

// First returns the lowest number of a host on which a key was seen. It means
// nothing if Hosts is 0.
func (p *Prevalence) First(hash uint64) uint32 { return p.find(hash).first }

// Full reports whether there were more keys than can be counted.
func (p *Prevalence) Full() bool { return p.full }

// Len returns how many keys there are.
func (p *Prevalence) Len() int { return p.used }

// Each calls visit with the number of hosts of each key, in no order.
func (p *Prevalence) Each(visit func(hosts uint32)) {
	for _, s := range p.slots {
		if s.hash != 0 {
			visit(s.hosts)
		}
	}
}

func (p *Prevalence) find(hash uint64) *slot {
	mask := uint64(len(p.slots) - 1)
	for i := hash >> 1 & mask; ; i = (i + 1) & mask {
		if s := &p.slots[i]; s.hash == hash || s.hash == 0 {
			return s
		}
	}
}

func (p *Prevalence) grow() {
	old := p.slots
	p.slots = make([]slot, 2*len(old))
	for _, s := range old {
		if s.hash != 0 {
			*p.find(s.hash) = s
		}
	}
}
