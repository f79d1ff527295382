package dnsmasq

import (
	"bytes"

	"egress-monitor/lib/ipaddr"
)

// message reads the message b, which follows the prefix.
func (l *Line) message(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if b[0] != 'q' && bytes.IndexByte(b, ']') >= 0 && Second(b) >= 0 {
		return ErrGlued
	}
	switch b[0] {
	case 'q':
		if has(b, "query[") || has(b, "query ") {
			return l.query(b[len("query"):])
		}
	case 'a':
		if has(b, "auth[") {
			return l.query(b[len("auth"):])
		}
	case 'f':
		if has(b, "forwarded ") {
			l.Kind = Forwarded // the rest, NAME to SERVER, is of no use
			return nil
		}
	case 'r':
		if has(b, "reply ") {
			return l.answer(Reply, b, len("reply "))
		}
	case 'c':
		if has(b, "cached ") {
			return l.answer(Local, b, len("cached "))
		}
		if has(b, "cached-stale ") {
			return l.answer(Stale, b, len("cached-stale "))
		}
	case 'i', 'n', 'v':
		if has(b, "ipset add ") || has(b, "nftset add ") || has(b, "validation ") {
			return nil
		}
	case 'd':
		if has(b, "dnssec-") {
			return nil
		}
	case 'm', 'l', 'o':
		if has(b, "message repeated ") || has(b, "last message repeated ") {
			return ErrHead // written by a syslog daemon
		}
		if has(b, "overflow: ") || has(b, "log failed: ") {
			l.Kind, l.Value = Lost, b
			return nil
		}
	}
	return l.answer(Local, b, bytes.IndexByte(b, ' ')+1)
}

func has(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// query reads "[TYPE] NAME from CLIENT", or " NAME from CLIENT".
func (l *Line) query(b []byte) error {
	if b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 0 {
			return broken(b)
		}
		l.Type = typeOf(b[1:end])
		b = b[end+1:]
	}
	const from = " from "
	i := len(b) - len(from) - len(l.client)
	switch {
	case len(b) == 0 || b[0] != ' ':
		return broken(b)
	case !l.Extra:
		i = bytes.LastIndex(b, []byte(from))
		if i < 0 || !isClient(b[i+len(from):]) {
			return broken(b)
		}
	case i < 0 || string(b[i:i+len(from)]) != from || string(b[i+len(from):]) != string(l.client):
		if bytes.Contains(b, []byte(from)) && Second(b) < 0 {
			return errClient
		}
		return broken(b)
	}
	l.Kind, l.Name = Query, afterSpace(b, i)
	return nil
}

// Broken returns an error if the name of a query holds a second line or a NUL.
func (l *Line) Broken() error {
	switch {
	case bytes.IndexByte(l.Name, 0) >= 0:
		return ErrNUL
	case bytes.IndexByte(l.Name, ']') >= 0 && Second(l.Name) >= 0:
		return ErrGlued
	}
	return nil
}

// broken returns why the query b has no client.
func broken(b []byte) error {
	if Second(b) >= 0 {
		return ErrGlued
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return ErrNUL
	}
	return errFrom
}

// afterSpace returns b[1:i], or nothing if i is 0: dnsmasq once wrote the root as
// an empty name, as in "query[A] from 192.0.2.1".
func afterSpace(b []byte, i int) []byte { return b[min(1, i):i] }

func isClient(b []byte) bool {
	_, ok := ipaddr.Parse(b)
	return ok
}

func typeOf(b []byte) Type {
	switch string(b) {
	case "A":
		return A
	case "AAAA":
		return AAAA
	case "ANY":
		return ANY
	}
	return OtherType
}

// answer reads "SOURCE NAME is VALUE"; the name begins at b[name].
func (l *Line) answer(kind Kind, b []byte, name int) error {
	if b[len(b)-1] == ')' {
		b = bytes.TrimSuffix(b, []byte(" (DNSSEC signed)"))
	}
	i := lastIs(b)
	if i < 0 {
		return nil
	}
	l.Kind, l.Source, l.Value = kind, b[:i], b[i+len(" is "):]
	if name <= i {
		l.Name = b[name:i]
	}
	return nil
}

// lastIs returns the index of the last " is ", or -1. Mostly an address follows,
// which holds no space, so the first space from the end is the right one:
// bytes.LastIndex makes dnsparse 10 % slower.
func lastIs(b []byte) int {
	for i := len(b) - 1; i >= 3; i-- {
		if b[i] == ' ' && b[i-3] == ' ' && b[i-2] == 'i' && b[i-1] == 's' {
			return i - 3
		}
	}
	return -1
}
