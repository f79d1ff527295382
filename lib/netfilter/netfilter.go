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
	"net/netip"
)

// Parse reads the destination from a kernel message, if it is a LOG line of
// this prefix. It is not (ok is false), or it is (ok is true), or it is and
// cannot be read (ok is true, and err says why).
//
// The prefix is the rule's --log-prefix. The kernel adds no space to it.
func Parse(msg []byte, prefix string) (dst netip.Addr, ok bool, err error) {
	if len(msg) < len(prefix) || string(msg[:len(prefix)]) != prefix {
		return dst, false, nil
	}
	rest := msg[len(prefix):]
	for _, name := range [...]string{"IN=", "OUT="} {
		var found, cut bool
		if rest, found, cut = item(rest, name); !found {
			return dst, cut, brief(errShort, msg, cut)
		}
	}
	if rest, ok = skipLink(rest); !ok || !hasName(rest, "SRC=") {
		return dst, ok, brief(errShort, msg, ok)
	}
	return parseIP(rest)
}

var (
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

// skipLink goes to the addresses. It is false where other words stand there.
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

// parseIP reads the line from "SRC=" on.
func parseIP(b []byte) (dst netip.Addr, ok bool, err error) {
	src, n := readAddr(b[len("SRC="):])
	if n == 0 {
		return dst, true, brief(errors.New("not an address"), b, true)
	}
	b = b[len("SRC=")+n:]
	if !hasName(b, " DST=") {
		return dst, true, brief(errShort, b, true)
	}
	dst, n = readAddr(b[len(" DST="):])
	if n == 0 {
		return dst, true, brief(errors.New("not an address"), b, true)
	}
	if src.Is4() != dst.Is4() {
		return dst, true, brief(errFamily, b, true)
	}
	if !hasLen(b[len(" DST=")+n:]) {
		return dst, true, brief(errLen, b, true)
	}
	return dst, true, nil
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

// brief adds the beginning of what could not be read to an error.
func brief(err error, b []byte, ours bool) error {
	if !ours {
		return nil
	}
	return fmt.Errorf("%w: %.48q", err, b[:min(48, len(b))])
}
