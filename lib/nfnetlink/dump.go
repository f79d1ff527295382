package nfnetlink

import (
	"slices"

	"golang.org/x/sys/unix"
)

// Constants that package unix lacks (linux/netfilter/nf_tables.h).
const (
	tableHandle = 4  // NFTA_TABLE_HANDLE
	setHandle   = 16 // NFTA_SET_HANDLE
	nfAccept    = 1  // NF_ACCEPT

	objTable       = 1 // NFTA_OBJ_TABLE
	objName        = 2 // NFTA_OBJ_NAME
	objType        = 3 // NFTA_OBJ_TYPE
	objData        = 4 // NFTA_OBJ_DATA
	objCounter     = 1 // NFT_OBJECT_COUNTER
	counterPackets = 2 // NFTA_COUNTER_PACKETS
)

// Hooks of base chains.
const (
	HookPrerouting = unix.NF_INET_PRE_ROUTING
	HookOutput     = unix.NF_INET_LOCAL_OUT
)

// A Table is one of a family.
type Table struct {
	Family byte
	Name   string
	Handle uint64
	Flags  uint32 // 1 is dormant: its chains are not asked
}

// A Chain is one of a table. Only a base chain has a hook and a policy.
type Chain struct {
	Family      byte
	Table, Name string
	Base        bool
	Hook        uint32
	Accepts     bool // its policy
}

// A Rule is one of a chain. Statements are the names of its expressions, as
// the kernel calls them: "cmp", "counter", "notrack", and "target:CT",
// "match:conntrack" for those of iptables-nft.
type Rule struct {
	Family       byte
	Table, Chain string
	Handle       uint64
	Statements   []string
}

// A Set is a named set.
type Set struct {
	Family      byte
	Table, Name string
	Handle      uint64
}

// Tables lists the tables of all families.
func (c *Conn) Tables() ([]Table, error) {
	return list(c, unix.NFT_MSG_GETTABLE, unix.NFPROTO_UNSPEC, nil, func(fam byte, all attributes) (t Table) {
		t.Family = fam
		for typ, value := range all {
			switch typ {
			case unix.NFTA_TABLE_NAME:
				t.Name = text(value)
			case unix.NFTA_TABLE_FLAGS:
				t.Flags = uint32be(value)
			case tableHandle:
				t.Handle = uint64be(value)
			}
		}
		return t
	})
}

// Chains lists the chains of all tables.
func (c *Conn) Chains() ([]Chain, error) {
	return list(c, unix.NFT_MSG_GETCHAIN, unix.NFPROTO_UNSPEC, nil, func(fam byte, all attributes) (ch Chain) {
		ch.Family = fam
		for typ, value := range all {
			switch typ {
			case unix.NFTA_CHAIN_TABLE:
				ch.Table = text(value)
			case unix.NFTA_CHAIN_NAME:
				ch.Name = text(value)
			case unix.NFTA_CHAIN_POLICY:
				ch.Accepts = uint32be(value) == nfAccept
			case unix.NFTA_CHAIN_HOOK:
				ch.Base, ch.Hook = true, uint32be(inner(value, unix.NFTA_HOOK_HOOKNUM))
			}
		}
		return ch
	})
}

// Sets lists the sets of a table.
func (c *Conn) Sets(fam byte, table string) ([]Set, error) {
	sets, err := list(c, unix.NFT_MSG_GETSET, fam, name(unix.NFTA_SET_TABLE, table), func(fam byte, all attributes) (s Set) {
		s.Family = fam
		for typ, value := range all {
			switch typ {
			case unix.NFTA_SET_TABLE:
				s.Table = text(value)
			case unix.NFTA_SET_NAME:
				s.Name = text(value)
			case setHandle:
				s.Handle = uint64be(value)
			}
		}
		return s
	})
	return slices.DeleteFunc(sets, func(s Set) bool { return s.Family != fam || s.Table != table }), err
}

// Rules lists the rules of a table, or with no name those of all, chain by
// chain in their order.
func (c *Conn) Rules(fam byte, table string) ([]Rule, error) {
	var which []byte
	if table != "" {
		which = name(unix.NFTA_RULE_TABLE, table)
	}
	rules, err := list(c, unix.NFT_MSG_GETRULE, fam, which, func(fam byte, all attributes) (r Rule) {
		r.Family = fam
		for typ, value := range all {
			switch typ {
			case unix.NFTA_RULE_TABLE:
				r.Table = text(value)
			case unix.NFTA_RULE_CHAIN:
				r.Chain = text(value)
			case unix.NFTA_RULE_HANDLE:
				r.Handle = uint64be(value)
			case unix.NFTA_RULE_EXPRESSIONS:
				for typ, value := range attributesOf(value) {
					if typ == unix.NFTA_LIST_ELEM {
						r.Statements = append(r.Statements, statement(value))
					}
				}
			}
		}
		return r
	})
	return slices.DeleteFunc(rules, func(r Rule) bool { return table != "" && r.Table != table }), err
}

// statement returns the name of an expression, and of the extension of iptables that
// it wraps: NFTA_TARGET_NAME and NFTA_MATCH_NAME are both 1.
func statement(expression []byte) string {
	kind := text(inner(expression, unix.NFTA_EXPR_NAME))
	if kind == "target" || kind == "match" {
		kind += ":" + text(inner(inner(expression, unix.NFTA_EXPR_DATA), 1))
	}
	return kind
}

// A counter is a named counter.
type counter struct {
	table, name string
	typ         uint32
	packets     uint64
}

// Counters returns the packets of the named counters of a table, by name.
func (c *Conn) Counters(fam byte, table string) (packets map[string]uint64, err error) {
	all, err := list(c, unix.NFT_MSG_GETOBJ, fam, name(objTable, table), func(fam byte, all attributes) (n counter) {
		for typ, value := range all {
			switch typ {
			case objTable:
				n.table = text(value)
			case objName:
				n.name = text(value)
			case objType:
				n.typ = uint32be(value)
			case objData:
				n.packets = uint64be(inner(value, counterPackets))
			}
		}
		return n
	})
	packets = map[string]uint64{}
	for _, n := range all {
		if n.table == table && n.typ == objCounter {
			packets[n.name] = n.packets
		}
	}
	return packets, err
}
