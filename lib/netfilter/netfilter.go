// Package netfilter knows what the kernel says when a packet meets a LOG rule
// of iptables or ip6tables, or "log prefix" of nft:
//
//	EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=57215 DF PROTO=TCP …
//	EGRESS: IN= OUT=eth0 SRC=2001:0db8:…:0002 DST=2001:0db8:…:0010 LEN=80 TC=0 HOPLIMIT=64 FLOWLBL=517142 PROTO=TCP …
//
// All of them use one printer, net/netfilter/nf_log_syslog.c (nf_log_ip_packet,
// nf_log_ip6_packet; read in Linux 6.18). One space follows every item:
//
//	message = prefix "IN=" [device] " OUT=" [device] " "
//	          ["PHYSIN=" device " "] ["PHYSOUT=" device " "]      bridged packets
//	          [mac]                                               if there is an input device
//	          "SRC=" address " DST=" address " LEN=" number …
//	mac     = "MAC=" [hex *(":" hex)] " " ["TUNNEL=" ip "->" ip " "]
//	        | "MACSRC=" mac " MACDST=" mac " " ["VPROTO=" hex " VID=" n " "] "MACPROTO=" hex " "
//
// What comes after LEN is of no interest here. It can hold a second "SRC= DST="
// (an ICMP error repeats the packet it is about), "PROTO=" can be missing (ESP
// over IPv6), and a long line is cut at 1016 bytes. IPv6 addresses are always
// eight groups of four digits.
//
// The line must be matched from its first byte to its LEN: any local user can
// make the kernel log something similar, with the name of a program that
// crashes ("EGRESS: IN= OUT[21756]: segfault at …"), and root a device called
// "DST=9.9.9.9".
package netfilter

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// A Parser reads the LOG lines of one rule.
type Parser struct {
	// Lookup, if there is one, finds the number of an address that was read
	// before. Such an address of IPv4 need not be looked at digit by digit,
	// which took a tenth of ipparse's time.
	Lookup func(addr []byte) (id uint32, ok bool)

	prefixes []string
	heads    [2]head // of the last line over IPv4, and over IPv6
	texts    texts

	id    uint32
	found bool
}

// A head is the beginning of a line that was read, with its " DST=". Most
// lines of a log begin like one before them, and need not be looked at again.
type head struct {
	text [maxHead]byte
	n    int
}

const maxHead = 192

// NewParser returns a parser for the --log-prefix of a rule, or of several. The
// kernel adds no space to it; one at its end may be left out here.
func NewParser(prefixes ...string) *Parser { return &Parser{prefixes: prefixes} }

// Parse reads the destination from a kernel message, if it is a LOG line with
// one of these prefixes. It is not (ok is false), or it is (ok is true), or it is and
// cannot be read (ok is true, and err says why).
//
// The address is written as RFC 5952 wants it (netip.Addr.String), and good
// until the next call. One that is mapped from IPv4 stays what the packet had.
func (p *Parser) Parse(msg []byte) (dst []byte, ok bool, err error) {
	p.found = false
	for i := range p.heads {
		h := &p.heads[i]
		if h.n > 0 && len(msg) >= h.n && string(msg[:h.n]) == string(h.text[:h.n]) {
			return p.dst(msg, h.n, i == 0)
		}
	}
	rest, ok, err := p.skipHead(msg)
	if !ok || err != nil {
		return nil, ok, err
	}
	from := len(msg) - len(rest)
	size, is4 := addrLen(rest[len("SRC="):])
	if size == 0 {
		return nil, true, brief(errAddr, rest)
	}
	rest = rest[len("SRC=")+size:]
	if !hasName(rest, " DST=") {
		return nil, true, brief(errShort, rest)
	}
	n := from + len("SRC=") + size + len(" DST=")
	dst, ok, err = p.dst(msg, n, is4)
	if err == nil && n <= maxHead {
		h := &p.heads[1]
		if is4 {
			h = &p.heads[0]
		}
		h.n = copy(h.text[:], msg[:n])
	}
	return dst, ok, err
}

// Found is the number that Lookup has found for the destination of the last
// line, if it did.
func (p *Parser) Found() (id uint32, ok bool) { return p.id, p.found }

// dst reads the destination that begins at msg[n], and what must follow it.
func (p *Parser) dst(msg []byte, n int, is4 bool) (dst []byte, ok bool, err error) {
	b := msg[n:]
	if is4 && p.Lookup != nil {
		if dst := p.known(b); dst != nil {
			return dst, true, nil
		}
	}
	size := 0
	if is4 {
		size = ipv4Len(b)
		dst = b[:size] // has one form only
	} else {
		dst, size = p.texts.canonical(b)
	}
	switch {
	case len(dst) == 0 && size > 0:
		err = errFamily
	case size == 0:
		err = errAddr
		if full, _ := addrLen(b); full > 0 {
			err = errFamily
		}
	case !hasLen(b[size:]):
		err = errLen
	default:
		return dst, true, nil
	}
	return nil, true, brief(err, msg[n-len("DST="):])
}

// known is the IPv4 address that b begins with, if it was read before and LEN=
// follows it.
func (p *Parser) known(b []byte) []byte {
	size := bytes.IndexByte(b, ' ')
	if size <= 0 || !hasLen(b[size:]) || bytes.IndexByte(b[:size], ':') >= 0 {
		return nil
	}
	dst := b[:size:size]
	if p.id, p.found = p.Lookup(dst); !p.found {
		return nil
	}
	return dst
}

// skipHead goes to the "SRC=" of a LOG line with one of the prefixes.
func (p *Parser) skipHead(msg []byte) (rest []byte, ok bool, err error) {
	for _, prefix := range p.prefixes {
		if rest, ok, err = skipDevices(msg, prefix); ok {
			return rest, ok, err
		}
	}
	return nil, false, nil
}

// skipDevices goes to the "SRC=" of a LOG line.
func skipDevices(msg []byte, prefix string) (rest []byte, ok bool, err error) {
	if !hasName(msg, prefix) {
		return nil, false, nil
	}
	rest = msg[len(prefix):]
	if len(rest) > 0 && rest[0] != 'I' {
		rest = skipDescription(rest, prefix)
	}
	for _, name := range [...]string{"IN=", "OUT="} {
		var found, cut bool
		if rest, found, cut = item(rest, name); cut {
			return nil, true, brief(errShort, msg)
		} else if !found {
			return nil, false, nil
		}
	}
	rest, ok = skipLink(rest)
	if ok && rest == nil {
		err = brief(errShort, msg)
	}
	return rest, ok, err
}

// skipDescription takes off what may stand between the prefix and the devices:
// the blank that was left out of the prefix, and UniFi's DESCR="[WAN]Drop all" ,
// which its gateways print there.
func skipDescription(rest []byte, prefix string) []byte {
	if !strings.HasSuffix(prefix, " ") && rest[0] == ' ' {
		rest = rest[1:]
	}
	text, ok := bytes.CutPrefix(rest, []byte(`DESCR="`))
	if _, after, found := bytes.Cut(text, []byte(`" `)); ok && found {
		return after
	}
	return rest
}

// Prefix is what stands before a LOG line in a message, whatever that is; ok is
// false if there is no LOG line.
func Prefix(msg []byte) (prefix []byte, ok bool) {
	for from := 0; ; {
		i := bytes.Index(msg[from:], []byte("IN="))
		if i < 0 || from+i > maxPrefix {
			return nil, false
		}
		i += from
		prefix = msg[:i]
		if j := bytes.Index(prefix, []byte(`DESCR="`)); j >= 0 {
			prefix = prefix[:j]
		}
		if rest, ok, err := skipDevices(msg, string(prefix)); ok && err == nil && len(rest) > 0 {
			return prefix, true
		}
		from = i + 1
	}
}

// maxPrefix is the longest prefix: that of nft has 127 bytes.
const maxPrefix = 256

// LooksLike says whether a line has the parts of a LOG line.
func LooksLike(line []byte) bool {
	i := bytes.Index(line, []byte("SRC="))
	return i > 0 && line[i-1] == ' ' && bytes.Contains(line[:i], []byte("IN=")) && bytes.Contains(line[i:], []byte(" DST="))
}

var (
	errAddr   = errors.New("not an address")
	errShort  = errors.New("LOG line cut short")
	errFamily = errors.New("LOG line with addresses of two kinds")
	errLen    = errors.New("LOG line without LEN= where it belongs")
)

// item takes one item off the line, with the space after it. If the line is of
// another kind, it is not found; if the line ends inside it, it is cut.
func item(b []byte, name string) (rest []byte, found, cut bool) {
	if !hasName(b, name) {
		short := len(b) > 0 && len(b) < len(name) && string(b) == name[:len(b)]
		return nil, false, short
	}
	i := bytes.IndexByte(b[len(name):], ' ')
	if i < 0 {
		// A device has at most 15 bytes. What is longer, or has a colon, is
		// no device: a crashed program's name, say.
		return nil, false, len(b) <= len(name)+15 && bytes.IndexByte(b, ':') < 0
	}
	return b[len(name)+i+1:], true, false
}

// linkNames is what may stand between the devices and the addresses.
var linkNames = [...]string{"MAC=", "PHYSIN=", "PHYSOUT=", "TUNNEL=", "MACSRC=", "MACDST=", "VPROTO=", "VID=", "MACPROTO="}

// skipLink goes to the addresses: nil if the line ends before them. It is
// false where other words stand.
func skipLink(b []byte) (rest []byte, ok bool) {
	for !hasName(b, "SRC=") {
		i := bytes.IndexByte(b, ' ')
		if !isLink(b) {
			return nil, i < 0 && len(b) < len("MACPROTO=")
		}
		if i < 0 {
			return nil, true
		}
		b = b[i+1:]
	}
	return b, true
}

func isLink(b []byte) bool {
	for _, name := range linkNames {
		if hasName(b, name) {
			return true
		}
	}
	return false
}

func hasName(b []byte, name string) bool {
	return len(b) >= len(name) && string(b[:len(name)]) == name
}

// hasLen says whether b begins with " LEN=", digits, and a space or nothing.
func hasLen(b []byte) bool {
	if !hasName(b, " LEN=") {
		return false
	}
	n := len(" LEN=")
	from := n
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	return n > from && (n == len(b) || b[n] == ' ')
}

// ErrLine is all errors of a LOG line that cannot be read.
var ErrLine = errors.New("LOG line")

// brief adds the beginning of what could not be read to an error.
func brief(err error, b []byte) error {
	return lineError{fmt.Errorf("%w: %.48q", err, b[:min(48, len(b))])}
}

type lineError struct{ error }

func (e lineError) Is(target error) bool { return target == ErrLine }
func (e lineError) Unwrap() error        { return e.error }
