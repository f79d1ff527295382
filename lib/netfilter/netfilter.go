// Package netfilter reads the lines that the kernel logs when a packet meets a LOG
// rule of iptables or ip6tables, or "log prefix" of nft:
//
//	EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=57215 DF PROTO=TCP …
//	EGRESS: IN= OUT=eth0 SRC=2001:0db8:…:0002 DST=2001:0db8:…:0010 LEN=80 TC=0 HOPLIMIT=64 FLOWLBL=517142 PROTO=TCP …
//
// One source file prints all of them: net/netfilter/nf_log_syslog.c
// (nf_log_ip_packet, nf_log_ip6_packet; read in Linux 6.18). One space follows every
// item:
//
//	message = prefix "IN=" [device] " OUT=" [device] " "
//	          ["PHYSIN=" device " "] ["PHYSOUT=" device " "]      bridged packets
//	          [mac]                                               if there is an input device
//	          "SRC=" address " DST=" address " LEN=" number …
//	mac     = "MAC=" [hex *(":" hex)] " " ["TUNNEL=" ip "->" ip " "]
//	        | "MACSRC=" mac " MACDST=" mac " " ["VPROTO=" hex " VID=" n " "] "MACPROTO=" hex " "
//
// The rest after LEN is not read. It can hold a second "SRC= DST=" (an ICMP error
// repeats the packet it is about), "PROTO=" can be missing (ESP over IPv6), and a
// long line is cut at 1016 bytes. IPv6 addresses are always eight groups of four
// digits.
//
// A line must match from its first byte to its LEN: any local user can make the
// kernel log a similar line, with the name of a program that crashes ("EGRESS: IN=
// OUT[21756]: segfault at …"), and root can name a device "DST=9.9.9.9".
package netfilter

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// A Parser reads the LOG lines of one rule, or of several.
type Parser struct {
	// Lookup, if not nil, returns the number of an address that was read before.
	// So the digits of an IPv4 address are checked only the first time (9 % of
	// ipparse's time, for 6,000 addresses in 200,000 lines).
	Lookup func(addr []byte) (id uint32, ok bool)

	prefixes []string
	heads    [2]head // of the last line over IPv4, and over IPv6
	texts    texts

	id    uint32 // the number that Lookup returned for the last line
	found bool   // whether Lookup knew its address
}

// A head is the beginning of a line that was read, up to and with its " DST=". Most
// lines begin like an earlier one, and this part of them is not read again (24 % of
// ipparse's time).
type head struct {
	text [maxHead]byte
	n    int
}

const maxHead = 192

// NewParser returns a parser for the --log-prefix of a rule, or of several. The
// kernel adds no space to a prefix; a space at its end may be left out here.
func NewParser(prefixes ...string) *Parser { return &Parser{prefixes: prefixes} }

// Parse returns the destination in a kernel message. ok is false if the message is not
// a LOG line with one of the prefixes. If it is, but cannot be read, ok is true and err
// tells why; such an error is an ErrLine.
//
// The address is in the form of RFC 5952 (netip.Addr.String), and valid until the next
// call. A mapped IPv4 address (::ffff:192.0.2.7) stays one, as in the packet.
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
	if n <= maxHead {
		h := &p.heads[1]
		if is4 {
			h = &p.heads[0]
		}
		h.n = copy(h.text[:], msg[:n])
	}
	return dst, ok, err
}

// Found returns the number that Lookup returned for the last destination; ok is false
// if Lookup did not know it.
func (p *Parser) Found() (id uint32, ok bool) { return p.id, p.found }

// dst reads the destination that begins at msg[n], and the " LEN=" after it.
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
		dst = b[:size] // IPv4 addresses have only one form
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

// known returns the IPv4 address that b begins with if " LEN=" follows it and Lookup
// knows it; otherwise nil.
func (p *Parser) known(b []byte) []byte {
	size := bytes.IndexByte(b, ' ')
	if size < len("0.0.0.0") || b[1] != '.' && b[2] != '.' && b[3] != '.' || !hasLen(b[size:]) {
		return nil // Lookup knows no other address with a dot there
	}
	dst := b[:size:size]
	if p.id, p.found = p.Lookup(dst); !p.found {
		return nil
	}
	return dst
}

// skipHead returns msg from its "SRC=" on; ok is false if it is not a LOG line with one
// of the prefixes.
func (p *Parser) skipHead(msg []byte) (rest []byte, ok bool, err error) {
	for _, prefix := range p.prefixes {
		if rest, ok, err = skipDevices(msg, prefix); ok {
			return rest, ok, err
		}
	}
	return nil, false, nil
}

// skipDevices is skipHead for one prefix.
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

// skipDescription skips the space that was left out of the prefix, and the
// description that UniFi's gateways print after it: DESCR="[WAN]Drop all" .
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

// Prefix returns the text before a LOG line in a message; ok is false if there is no
// LOG line.
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

// maxPrefix is the limit for a prefix. nft allows 127 bytes.
const maxPrefix = 256

// LooksLike reports whether a line has the parts of a LOG line.
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

// item takes one item off the line, with the space after it. found is false if the
// line has another one there; cut is true if the line ends inside the item.
func item(b []byte, name string) (rest []byte, found, cut bool) {
	if !hasName(b, name) {
		short := len(b) > 0 && len(b) < len(name) && string(b) == name[:len(b)]
		return nil, false, short
	}
	i := bytes.IndexByte(b[len(name):], ' ')
	if i < 0 {
		// The name of a device has at most 15 bytes and no colon. Any other text is
		// something else, such as the name of a program that crashed.
		return nil, false, len(b) <= len(name)+15 && bytes.IndexByte(b, ':') < 0
	}
	return b[len(name)+i+1:], true, false
}

// linkNames are the items that may come between the devices and the addresses.
var linkNames = [...]string{"MAC=", "PHYSIN=", "PHYSOUT=", "TUNNEL=", "MACSRC=", "MACDST=", "VPROTO=", "VID=", "MACPROTO="}

// skipLink returns b from the addresses on, nil if the line ends before them. ok is
// false if other words come first.
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

// hasLen reports whether b begins with " LEN=", digits, and a space or its end.
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

// ErrLine is the error, by errors.Is, of every LOG line that cannot be read.
var ErrLine = errors.New("LOG line")

// brief adds the beginning of b, which cannot be read, to an error.
func brief(err error, b []byte) error {
	return lineError{fmt.Errorf("%w: %.48q", err, b[:min(48, len(b))])}
}

type lineError struct{ error }

func (e lineError) Is(target error) bool { return target == ErrLine }
func (e lineError) Unwrap() error        { return e.error }
