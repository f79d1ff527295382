// Package dnsmasq reads lines of dnsmasq's query log.
//
// dnsmasq writes the log to log-facility=FILE with log-queries (plain) or
// log-queries=extra. A line (src/log.c, my_syslog; read in 2.79 to 2.93):
//
//	Nov  3 07:50:41 dnsmasq[19845]: 3 127.0.0.1/41592 query[A] www.example.com from 127.0.0.1
//	^ time stamp    ^ ident ^ pid   ^ prefix          ^ message
//
// The time stamp is local time without a year and a zone (package stamp reads
// it). The ident may be longer: dnsmasq-dhcp, dnsmasq-tftp, dnsmasq-script. The
// pid is that of the writing process: a child that serves TCP writes its own.
//
// Only lines of a DNS transaction have a prefix, and only with extra
// (src/cache.c, log_query). It is one of
//
//	SERIAL CLIENT/PORT        CLIENT may have a zone: fe80::1%eth0
//	UDP SERIAL CLIENT/PORT    log-queries=proto, from 2.91; or TCP
//	SERIAL                    dnsmasq's own DNSSEC queries
//
// and the message is one of
//
//	query[TYPE] NAME from CLIENT     also without [TYPE], which is type 0
//	auth[TYPE] NAME from CLIENT      on an auth-interface
//	forwarded NAME to SERVER
//	SOURCE NAME is VALUE             SOURCE: reply, cached, cached-stale, config, DHCP, auth
//	                                 or the path of a hosts file, as configured
//	reply is truncated
//
// or a message that belongs to no transaction, and may be translated.
//
// Surprises:
//
//   - Nothing in NAME is escaped: it may hold spaces, " from 192.0.2.1" and
//     " is 192.0.2.1". So messages are cut at the last " from " and " is ";
//     with a prefix, the client after " from " must be that of the prefix.
//   - A name with a byte that is not printable is logged as "<name unprintable>".
//   - VALUE of a TXT record is text of the zone's owner, and may look like an
//     address. For PTR, NAME is the address and VALUE the name.
//   - 2.90 may write "config ADDRESS is NAME" for a host-record in an auth zone.
//   - 2.85 writes TXT answers without a prefix even with extra.
//   - A full disk leaves half a line; the other half may come after the next
//     rotation.
package dnsmasq

import (
	"bytes"
	"errors"
)

// maxLine is the longest line that is read. dnsmasq writes at most 1024 bytes
// (MAX_MESSAGE in src/log.c).
const maxLine = 4096

// maxPID is the largest pid_t.
const maxPID = 1<<31 - 1

// stampLen is the length of a time stamp.
const stampLen = len("Jan _2 15:04:05")

// Errors of Parse: lines that dnsmasq did not write, or not like this.
var (
	ErrHead   = errors.New("not a line of dnsmasq")
	ErrGlued  = errors.New("two lines in one, the first cut short")
	ErrNUL    = errors.New("NULs in a line, which dnsmasq does not write: a power cut, or a full disk")
	errLong   = errors.New("longer than a line of dnsmasq")
	errFrom   = errors.New("a query without its client")
	errClient = errors.New("a query that is not from the client of its prefix")
)

// Kind is the kind of a message.
type Kind uint8

// The kinds of messages.
const (
	Other     Kind = iota // not of a transaction
	Query                 // a query came in
	Forwarded             // the query was sent upstream
	Reply                 // an answer from upstream, or "reply is truncated"
	Local                 // an answer that dnsmasq had: cached, configured, leased, in a hosts file
	Stale                 // cached-stale: like Local, but dnsmasq then asks upstream as well
	Lost                  // dnsmasq could not write some lines
)

// Type is the type of a query.
type Type uint8

// The types whose answers are addresses, and OtherType for the rest.
const (
	OtherType Type = iota
	A
	AAAA
	ANY
)

// A Line is the content of one line. Its slices are parts of that line.
type Line struct {
	Stamp  []byte
	PID    uint32
	Extra  bool   // the line has a prefix
	Serial uint32 // of the prefix; PID and Serial are the transaction
	Kind   Kind
	Type   Type   // of a Query
	Name   []byte // as logged: see AppendName. The SOURCE of a Local answer may hold spaces: then see Source
	Value  []byte // of an answer; of Lost the whole message
	Source []byte // of an answer: everything before " is "

	head     []byte // of the last line: ident, and prefix if it has one
	identLen int    // length of the ident in head
	client   []byte // part of head
}

// Parse reads a line. It returns an error if dnsmasq does not write such lines. A
// line that belongs to no transaction is of Kind Other.
//
// The lines of a transaction mostly follow each other and begin alike, and those
// of a process always do. So Parse compares each line with the beginning of the
// last one first (8 % of dnsparse).
func (l *Line) Parse(line []byte) error {
	l.Kind, l.Type, l.Name, l.Value, l.Source = Other, OtherType, nil, nil, nil
	if len(line) > maxLine {
		return errLong
	}
	if n := stampLen + len(l.head); l.Extra && begins(line, l.head) {
		l.Stamp = line[:stampLen]
		return l.message(line[n:])
	}
	body, err := l.ident(line)
	if err != nil {
		return err
	}
	if l.Extra = false; body == nil {
		return nil
	}
	message, client := l.prefix(body)
	if l.Extra {
		l.remember(line[stampLen:len(line)-len(message)], client)
	}
	return l.message(message)
}

// begins reports whether line is a time stamp, then head, then at least one more
// byte.
func begins(line, head []byte) bool {
	n := stampLen + len(head)
	return len(line) > n && string(line[stampLen:n]) == string(head)
}

// ParseMessage is Parse for the part of a line after the ident, for logs in which
// another program (syslog, the journal) wrote the stamp and the ident. Stamp is
// then nil.
func (l *Line) ParseMessage(pid uint32, body []byte) error {
	l.Kind, l.Type, l.Name, l.Value, l.Source = Other, OtherType, nil, nil, nil
	l.Stamp = nil
	if len(body) > maxLine {
		return errLong
	}
	if n := len(l.head) - 1; l.Extra && l.PID == pid && l.head[0] == '\n' && len(body) > n && string(body[:n]) == string(l.head[1:]) {
		return l.message(body[n:])
	}
	l.PID, l.Extra, l.head, l.identLen = pid, false, l.head[:0], 0
	message, client := l.prefix(body)
	if l.Extra {
		l.head = append(append(l.head, '\n'), body[:len(body)-len(message)]...) // equal to the head of no line
		l.client = l.head[len(l.head)-client:][:len(l.client)]
	}
	return l.message(message)
}

// remember keeps head, the bytes between the time stamp and the message, and the
// client in it, which begins so many bytes before the message.
func (l *Line) remember(head []byte, client int) {
	l.head = append(l.head[:0], head...)
	l.client = l.head[len(head)-client:][:len(l.client)]
}

// ident reads the time stamp and the ident, and returns the rest; nil if the ident
// is that of another part of dnsmasq (DHCP, TFTP, a script).
func (l *Line) ident(line []byte) (body []byte, err error) {
	const program = " dnsmasq"
	const end = stampLen + len(program)
	if l.identLen > 0 && begins(line, l.head[:l.identLen]) {
		l.Stamp = line[:stampLen]
		return line[stampLen+l.identLen:], nil
	}
	if len(line) <= end || string(line[stampLen:end]) != program {
		return nil, ErrHead
	}
	rest := line[end:]
	if rest[0] == '-' {
		n := 1
		for n < len(rest) && rest[n]-'a' <= 'z'-'a' {
			n++
		}
		if _, size := number(rest[min(n+1, len(rest)):]); n < len(rest) && rest[n] == '[' && size > 0 && bytes.HasPrefix(rest[n+1+size:], []byte("]: ")) {
			return nil, nil
		}
		return nil, ErrHead // a syslog line of a host called dnsmasq-1, say
	}
	pid, n := number(rest[1:])
	if rest[0] != '[' || n == 0 || pid > maxPID || len(rest) < n+4 || string(rest[n+1:n+4]) != "]: " {
		return nil, ErrHead
	}
	l.Stamp, l.PID = line[:stampLen], pid
	body = rest[n+4:]
	l.identLen = len(line) - stampLen - len(body)
	l.head, l.client = append(l.head[:0], line[stampLen:][:l.identLen]...), nil
	return body, nil
}
