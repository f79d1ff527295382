package countset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"egress-monitor/lib/nfnetlink"
)

// A kernel is the state of the table.
type kernel struct {
	gen     uint32   // of nf_tables
	there   bool     // there is a table of this name
	names   []string // of its chains and sets
	handles []string // "table=5 flags=0", "v4_7=12", rules as "out/3"

	same  bool // it is the table that we made, unchanged
	fewer bool // it is the table that we made, but rules are gone: its counts are valid
}

func (k *kernel) has(name string) bool { return slices.Contains(k.names, name) }

// compare reports whether the table has the handles that it was made with.
func (k *kernel) compare(m *memory) {
	if m.ID == "" || !k.has(idChain(m.ID)) {
		return
	}
	k.same = slices.Equal(k.handles, m.Handle)
	more := slices.ContainsFunc(k.handles, func(h string) bool { return !slices.Contains(m.Handle, h) })
	sets := !slices.ContainsFunc(m.Handle, func(h string) bool { return !strings.Contains(h, "/") && !slices.Contains(k.handles, h) })
	k.fewer = !k.same && !more && sets && !m.Stopped
}

// look compares the table with the memory. While the generation of nf_tables is the
// same, nothing has changed.
func (s *Set) look(m *memory) (*kernel, error) {
	if m.ID != "" && m.Next == nil && m.Gen != 0 {
		gen, err := nfnetlink.Generation()
		if err != nil {
			return nil, err
		}
		if gen == m.Gen {
			return &kernel{gen: gen, same: true}, nil
		}
	}
	k, err := see()
	if err != nil || m.ID == "" {
		return k, err
	}
	if m.Next != nil {
		if m.arrived(k) {
			m.arrive(k)
		}
		m.Next = nil
	}
	if k.compare(m); k.same {
		m.Gen = k.gen
	}
	return k, nil
}

// see reads the table's names and handles.
func see() (*kernel, error) {
	c, err := nfnetlink.Dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	k := &kernel{}
	if k.gen, err = c.Generation(); err != nil {
		return nil, err
	}
	tables, err := c.Tables()
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if t.Family == nfnetlink.Inet && t.Name == table {
			k.there = true
			k.handles = append(k.handles, fmt.Sprintf("table=%d flags=%d", t.Handle, t.Flags))
			return k, k.read(c)
		}
	}
	return k, nil
}

func (k *kernel) read(c *nfnetlink.Conn) error {
	chains, err := c.Chains()
	if err != nil {
		return err
	}
	for _, ch := range chains {
		if ch.Family == nfnetlink.Inet && ch.Table == table {
			k.names = append(k.names, ch.Name)
		}
	}
	sets, err := c.Sets(nfnetlink.Inet, table)
	if err != nil {
		return err
	}
	for _, s := range sets {
		if strings.HasPrefix(s.Name, "__") {
			continue // of a rule
		}
		k.names = append(k.names, s.Name)
		k.handles = append(k.handles, fmt.Sprintf("%s=%d", s.Name, s.Handle))
	}
	rules, err := c.Rules(nfnetlink.Inet, table)
	for _, r := range rules {
		k.handles = append(k.handles, fmt.Sprintf("%s/%d", r.Chain, r.Handle))
	}
	return err
}

func tableThere() (bool, error) {
	k, err := see()
	if errors.Is(err, nfnetlink.ErrAbsent) {
		return false, nil
	}
	return err == nil && k.there, err
}
