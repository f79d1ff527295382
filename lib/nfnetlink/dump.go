package nfnetlink

import (
	"encoding/binary"
	"strings"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

var bigEndian = binary.BigEndian

// What package unix does not name (linux/netfilter/nf_tables.h).
const (
	tableHandle = 4  // NFTA_TABLE_HANDLE
	setHandle   = 16 // NFTA_SET_HANDLE
	nfAccept    = 1  // NF_ACCEPT
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
func (c *Conn) Tables() (tables []Table, err error) {
	answers, err := c.dump(unix.NFT_MSG_GETTABLE, unix.NFPROTO_UNSPEC, nil)
	for _, a := range answers {
		t := Table{Family: a.Data[0]}
		err = each(a, func(ad *netlink.AttributeDecoder) {
			switch ad.Type() {
			case unix.NFTA_TABLE_NAME:
				t.Name = ad.String()
			case unix.NFTA_TABLE_FLAGS:
				t.Flags = ad.Uint32()
			case tableHandle:
				t.Handle = ad.Uint64()
			}
		})
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, err
}

// Chains lists the chains of all tables.
func (c *Conn) Chains() (chains []Chain, err error) {
	answers, err := c.dump(unix.NFT_MSG_GETCHAIN, unix.NFPROTO_UNSPEC, nil)
	for _, a := range answers {
		ch := Chain{Family: a.Data[0]}
		err = each(a, func(ad *netlink.AttributeDecoder) {
			switch ad.Type() {
			case unix.NFTA_CHAIN_TABLE:
				ch.Table = ad.String()
			case unix.NFTA_CHAIN_NAME:
				ch.Name = ad.String()
			case unix.NFTA_CHAIN_POLICY:
				ch.Accepts = ad.Uint32() == nfAccept
			case unix.NFTA_CHAIN_HOOK:
				ch.Base = true
				ad.Nested(func(hook *netlink.AttributeDecoder) error {
					for hook.Next() {
						if hook.Type() == unix.NFTA_HOOK_HOOKNUM {
							ch.Hook = hook.Uint32()
						}
					}
					return nil
				})
			}
		})
		if err != nil {
			return nil, err
		}
		chains = append(chains, ch)
	}
	return chains, err
}

// Sets lists the sets of a table.
func (c *Conn) Sets(family byte, table string) (sets []Set, err error) {
	answers, err := c.dump(unix.NFT_MSG_GETSET, family, name(unix.NFTA_SET_TABLE, table))
	for _, a := range answers {
		s := Set{Family: a.Data[0]}
		err = each(a, func(ad *netlink.AttributeDecoder) {
			switch ad.Type() {
			case unix.NFTA_SET_TABLE:
				s.Table = ad.String()
			case unix.NFTA_SET_NAME:
				s.Name = ad.String()
			case setHandle:
				s.Handle = ad.Uint64()
			}
		})
		if err != nil {
			return nil, err
		}
		if s.Family == family && s.Table == table {
			sets = append(sets, s)
		}
	}
	return sets, err
}

// Rules lists the rules of a table, or with no name those of all, chain by
// chain in their order.
func (c *Conn) Rules(family byte, table string) (rules []Rule, err error) {
	var which []byte
	if table != "" {
		which = name(unix.NFTA_RULE_TABLE, table)
	}
	answers, err := c.dump(unix.NFT_MSG_GETRULE, family, which)
	for _, a := range answers {
		r := Rule{Family: a.Data[0]}
		err = each(a, func(ad *netlink.AttributeDecoder) {
			switch ad.Type() {
			case unix.NFTA_RULE_TABLE:
				r.Table = ad.String()
			case unix.NFTA_RULE_CHAIN:
				r.Chain = ad.String()
			case unix.NFTA_RULE_HANDLE:
				r.Handle = ad.Uint64()
			case unix.NFTA_RULE_EXPRESSIONS:
				ad.Nested(r.statements)
			}
		})
		if err != nil {
			return nil, err
		}
		if table == "" || r.Table == table {
			rules = append(rules, r)
		}
	}
	return rules, err
}

func (r *Rule) statements(list *netlink.AttributeDecoder) error {
	for list.Next() {
		if list.Type() == unix.NFTA_LIST_ELEM {
			list.Nested(func(e *netlink.AttributeDecoder) error {
				r.Statements = append(r.Statements, statement(e))
				return nil
			})
		}
	}
	return nil
}

// statement returns the name of an expression, and of what it wraps, if that is
// an extension of iptables: NFTA_TARGET_NAME and NFTA_MATCH_NAME are both 1.
func statement(e *netlink.AttributeDecoder) (kind string) {
	for e.Next() {
		switch e.Type() {
		case unix.NFTA_EXPR_NAME:
			kind = e.String()
		case unix.NFTA_EXPR_DATA:
			if kind == "target" || kind == "match" {
				e.Nested(func(x *netlink.AttributeDecoder) error {
					for x.Next() {
						if x.Type() == 1 {
							kind += ":" + x.String()
						}
					}
					return nil
				})
			}
		}
	}
	return kind
}

// name returns one attribute that holds a name.
func name(typ uint16, value string) []byte {
	ae := netlink.NewAttributeEncoder()
	ae.String(typ, strings.TrimRight(value, "\x00"))
	b, err := ae.Encode()
	if err != nil {
		return nil // of one short string there is none
	}
	return b
}
