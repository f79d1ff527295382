// Package nftjson reads the output of "nft -j list …": the elements of sets of
// addresses, with their counters and their age, and the named counters.
//
// The format is libnftables-json(5); src/json.c of nftables prints it. One
// document, an array of objects with one key each, which is their kind:
//
//	{"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
//	  {"counter": {"family": "inet", "name": "seen4_7", "table": "egress_monitor", "packets": 4, "bytes": 120}},
//	  {"set": {"family": "inet", "name": "v4_7", "table": "egress_monitor", "type": "ipv4_addr", "handle": 4,
//	    "size": 65536, "flags": ["timeout"], "timeout": 31536000,
//	    "elem": [{"elem": {"val": "192.0.2.1", "expires": 31535998, "counter": {"packets": 2, "bytes": 60}}}]}}]}
//
// The format leaves open, and this package handles:
//
//   - "nft -j -f FILE" with several lists prints several documents. All are read.
//   - "timeout" and "expires" are seconds, cut to whole ones: an element with
//     "expires" 9 has between 9 and 10 left. So half a second is added, and a
//     time can be wrong by that much. A fraction, if there is one, is believed.
//   - an element may have a "timeout" of its own; an element without any has
//     no age.
//   - a set's "type" is a list if its keys are concatenations, and in newer versions
//     an object for a set that was made with "typeof", which may be one of
//     addresses. An element's "val" is an object if it is a range or a prefix.
//     "elem" comes last in a set.
//   - an element without a counter is its value alone, without "elem" around it.
//
// Input is hostile: a syntax error ends the reading and is returned with its place;
// a wrong value is skipped and reported. Memory does not depend on the input.
package nftjson

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"

	"egress-monitor/lib/ipaddr"
)

// A Set is a set of addresses of IPv4 or of IPv6.
type Set struct {
	Table, Name string
	IPv6        bool
	timeout     float64 // seconds; 0: none
	either      bool    // its type does not tell which
}

// An Element is an address with its counter.
type Element struct {
	Addr    netip.Addr
	Packets uint64
	Age     float64 // seconds since it was seen last; -1: not known
}

// A Handler holds functions that are called in the order of the input, and may be
// nil. Their arguments are valid until they return.
type Handler struct {
	Set     func(*Set) // before its elements
	Element func(*Set, Element)
	Counter func(table, name string, packets uint64)
	Skip    func(*Set, error) // an element that could not be used, and why
}

// Read reads all documents of an input. An error holds its place in it.
func Read(in io.Reader, h Handler) error {
	p := &parser{lexer: newLexer(in), Handler: h}
	documents := 0
	for p.space(); p.err == nil; p.space() {
		p.document()
		documents++
	}
	switch {
	case p.err == io.EOF && documents == 0:
		return errEmpty
	case p.err == io.EOF:
		return nil
	}
	return fmt.Errorf("byte %d: %w", p.place(), p.err)
}

var (
	errEmpty   = errors.New("nothing at all; nft prints an object even if there is nothing to list")
	errNotJSON = errors.New("this is no JSON: give nft the option -j")
	errForeign = errors.New(`an object without "nftables": not the output of nft -j`)
	errOrder   = errors.New(`a set whose "elem" comes before its "name" and "type"`)

	errNoCounter = errors.New("an element without a counter")
	errAddress   = errors.New("an element that is not one address")
	errValue     = errors.New("an element with a number that makes no sense")
)

type parser struct {
	*lexer
	Handler
}

// document reads {"nftables": […]}.
func (p *parser) document() {
	if p.space() != '{' {
		p.fail(errNotJSON)
		return
	}
	ours := false
	for first := p.enter('{'); p.more('}', &first); {
		if string(p.key()) != "nftables" {
			p.skipValue()
			continue
		}
		ours = true
		for first := p.enter('['); p.more(']', &first); {
			for first := p.enter('{'); p.more('}', &first); {
				p.thing(p.key())
			}
		}
	}
	if !ours {
		p.fail(errForeign)
	}
}

func (p *parser) thing(kind []byte) {
	switch string(kind) {
	case "set":
		p.set()
	case "counter":
		p.counter()
	default:
		p.skipValue()
	}
}

func (p *parser) counter() {
	var table, name string
	packets, ok := uint64(0), false
	for first := p.enter('{'); p.more('}', &first); {
		switch string(p.key()) {
		case "table":
			table = p.string()
		case "name":
			name = p.string()
		case "packets":
			packets, ok = p.count()
		default:
			p.skipValue()
		}
	}
	if p.Counter != nil && ok && name != "" && p.err == nil {
		p.Counter(table, name, packets)
	}
}

func (p *parser) set() {
	s, typ, done := &Set{}, "", false
	for first := p.enter('{'); p.more('}', &first); {
		switch string(p.key()) {
		case "table":
			s.Table = p.string()
		case "name":
			s.Name = p.string()
		case "type":
			typ = p.setType()
		case "timeout":
			s.timeout, _, _ = p.seconds()
		case "elem":
			p.elements(s, typ)
			done = true
		default:
			p.skipValue()
		}
	}
	if p.err == nil && !done && s.is(typ) && p.Set != nil { // a set without elements
		p.Set(s)
	}
}

const typeOf = "typeof"

// setType reads the type of a set. It returns "" for a list.
func (p *parser) setType() string {
	if p.space() == '{' {
		p.skipValue()
		return typeOf
	}
	return p.string()
}

// is reports whether a set of this type can be one of addresses.
func (s *Set) is(typ string) bool {
	s.IPv6, s.either = typ == "ipv6_addr", typ == typeOf
	return s.IPv6 || s.either || typ == "ipv4_addr"
}

func (p *parser) elements(s *Set, typ string) {
	if s.Name == "" {
		p.fail(errOrder)
		return
	}
	if !s.is(typ) {
		p.skipValue()
		return
	}
	if p.Set != nil {
		p.Set(s)
	}
	for first := p.enter('['); p.more(']', &first); {
		if err := p.member(s); err != nil && p.err == nil && p.Skip != nil {
			p.Skip(s, err)
		}
	}
}

// member reads a member of "elem": {"elem": {…}}, or a value of another form.
func (p *parser) member(s *Set) error {
	if p.space() != '{' {
		p.skipValue()
		return errNoCounter
	}
	err := errAddress // a prefix, a range
	for first := p.enter('{'); p.more('}', &first); {
		if string(p.key()) == "elem" {
			err = p.element(s)
		} else {
			p.skipValue()
		}
	}
	return err
}

// element reads {"val": …, "expires": …, "counter": {…}}.
func (p *parser) element(s *Set) (bad error) {
	e := Element{Age: -1}
	timeout, left, counted := s.timeout, -1.0, false
	for first := p.enter('{'); p.more('}', &first); {
		ok := true
		switch string(p.key()) {
		case "val":
			e.Addr = p.address()
		case "timeout":
			timeout, _, ok = p.seconds()
		case "expires":
			var cut bool
			if left, cut, ok = p.seconds(); cut {
				left += 0.5
			}
		case "counter":
			e.Packets, counted, ok = p.packets()
		default:
			p.skipValue()
		}
		if !ok {
			bad = errValue
		}
	}
	switch {
	case p.err != nil:
		return nil
	case !e.Addr.IsValid() || e.Addr.Is6() != s.IPv6 && !s.either:
		return errAddress
	case bad != nil:
		return bad
	case !counted:
		return errNoCounter
	}
	if timeout > 0 && left >= 0 {
		e.Age = max(0, timeout-left)
	}
	if p.Element != nil {
		p.Element(s, e)
	}
	return nil
}

// packets reads a counter: {"packets": 2, "bytes": 60}, or null if nft does not show
// it.
func (p *parser) packets() (n uint64, counted, ok bool) {
	if p.space() != '{' {
		p.skipValue()
		return 0, false, true
	}
	ok = true
	for first := p.enter('{'); p.more('}', &first); {
		if string(p.key()) == "packets" {
			n, ok = p.count()
			counted = ok
		} else {
			p.skipValue()
		}
	}
	return n, counted, ok
}

// string reads a value that should be a string. It returns "" for any other.
func (p *parser) string() string {
	if p.space() != '"' {
		p.skipValue()
		return ""
	}
	text, _ := p.quoted()
	return string(text)
}

// address reads a value that should be an address. It returns the zero Addr for any
// other, and for an address with a zone.
func (p *parser) address() (a netip.Addr) {
	if p.space() != '"' {
		p.skipValue()
		return a
	}
	text, ok := p.quoted()
	if ip, size := ipaddr.Read4(text); ok && size == len(text) && size > 0 {
		return netip.AddrFrom4(ip)
	}
	a, err := netip.ParseAddr(string(text))
	if err != nil || !ok || a.Zone() != "" || a.Is4() {
		return netip.Addr{}
	}
	return a
}

// count reads a value that should be a number of packets.
func (p *parser) count() (n uint64, ok bool) {
	text := p.number()
	n, err := strconv.ParseUint(string(text), 10, 64)
	return n, err == nil
}

// seconds reads a value that should be a time span. cut is true if it has no
// fraction.
func (p *parser) seconds() (s float64, cut, ok bool) {
	text := p.number()
	cut = true
	for _, c := range text {
		cut = cut && c-'0' <= 9
	}
	s, err := strconv.ParseFloat(string(text), 64)
	if err != nil || s < 0 || s > 1e12 {
		return 0, cut, false
	}
	return s, cut, true
}
