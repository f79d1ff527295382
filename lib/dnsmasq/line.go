// Package dnsmasq says what a line of dnsmasq's query log says.
//
// The log is what dnsmasq writes to log-facility=FILE with log-queries (plain)
// or log-queries=extra. A line (src/log.c, my_syslog; read in 2.79 to 2.93):
//
//	Nov  3 07:50:41 dnsmasq[19845]: 3 127.0.0.1/41592 query[A] www.example.com from 127.0.0.1
//	^ time stamp    ^ ident ^ pid   ^ prefix          ^ message
//
// The time stamp is local time without a year and a zone (package stamp reads
// it). The ident may go on: dnsmasq-dhcp, dnsmasq-tftp, dnsmasq-script. The pid
// is that of the process which writes: a child that serves TCP writes its own.
//
// The prefix stands before the lines of a DNS transaction only, and only with
// extra (src/cache.c, log_query). It is one of
//
//	SERIAL CLIENT/PORT        CLIENT may have a zone: fe80::1%eth0
//	UDP SERIAL CLIENT/PORT    log-queries=proto, from 2.91; or TCP
//	SERIAL                    dnsmasq's own DNSSEC questions
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
// or something that is no transaction, and may be translated.
//
// Where reality departs from what one would think:
//
//   - Nothing in NAME is escaped: it may hold spaces, " from 192.0.2.1" and
//     " is 192.0.2.1". So messages are cut at the last " from " and " is ";
//     with a prefix, what follows " from " must be the client of the prefix.
//   - A name with a byte that is not printable is "<name unprintable>".
//   - VALUE may be text that the owner of a zone wrote, and look like an
//     address: TXT. For PTR, NAME is the address and VALUE the name.
//   - 2.90 may write "config ADDRESS is NAME" for a host-record in an auth zone.
//   - 2.85 writes TXT answers without a prefix even with extra.
//   - A disk that was full leaves half a line, and its end may come after the
//     next rotation.
package dnsmasq

import (
	"bytes"
	"errors"
)

// maxLine is more than dnsmasq ever writes (MAX_MESSAGE in src/log.c: 1024).
const maxLine = 4096

// maxPID is the largest number that pid_t has place for.
const maxPID = 1<<31 - 1

// stampLen is the length of a time stamp.
const stampLen = len("Jan _2 15:04:05")

// What is wrong with a line that dnsmasq has not written like this.
var (
	ErrHead   = errors.New("not a line of dnsmasq")
	ErrGlued  = errors.New("two lines in one, the first cut short")
	ErrNUL    = errors.New("NULs in a line, which dnsmasq does not write: a power cut, or a full disk")
	errLong   = errors.New("longer than a line of dnsmasq")
	errFrom   = errors.New("a question that does not say from whom")
	errClient = errors.New("a question that is not from the client of its prefix")
)

// Kind is what a message is.
type Kind uint8

// The kinds of messages.
const (
	Other     Kind = iota // no transaction
	Query                 // a question came in
	Forwarded             // it was sent upstream
	Reply                 // an answer from upstream, or "reply is truncated"
	Local                 // an answer that dnsmasq had: cached, configured, leased, in a hosts file
	Stale                 // like Local, but asked upstream again afterwards: cached-stale
	Lost                  // dnsmasq says that it could not write lines
)

// Type is what was asked for.
type Type uint8

// The types of questions that addresses answer, and all the others.
const (
	OtherType Type = iota
	A
	AAAA
	ANY
)

// A Line is what one line says. Its slices are parts of that line.
type Line struct {
	Stamp  []byte
	PID    uint32
	Extra  bool   // it has a prefix
	Serial uint32 // of the prefix: together with PID, the transaction
	Kind   Kind
	Type   Type   // of a Query
	Name   []byte // as logged: see AppendName. Of a Local answer SOURCE may hold spaces: see Source
	Value  []byte // of an answer, or all that Lost says
	Source []byte // of an answer: all that stands before " is "

	head     []byte // of the last line: from the ident to the message if that had a prefix
	identLen int    // of the ident, up to the prefix, in head
	client   []byte // in head
}

// Parse reads a line. An error is a line that dnsmasq has not written like
// this; a line which is no transaction is Other.
//
// The lines of one transaction mostly stand together and begin alike, and those
// of a process always, so a Line remembers how the last one began.
func (l *Line) Parse(line []byte) error {
	l.Kind, l.Type, l.Name, l.Value, l.Source = Other, OtherType, nil, nil, nil
	if len(line) > maxLine {
		return errLong
	}
	if n := stampLen + len(l.head); l.Extra && begins(line, l.head) {
		l.Stamp = line[:stampLen]
		return l.message(line[n:])
	}
	l.Extra = false
	body, err := l.ident(line)
	if err != nil || body == nil {
		return err
	}
	message, client := l.prefix(body)
	if l.Extra {
		l.remember(line[stampLen:len(line)-len(message)], client)
	}
	return l.message(message)
}

// begins says whether head follows the time stamp of a line, and something it.
func begins(line, head []byte) bool {
	n := stampLen + len(head)
	return len(line) > n && string(line[stampLen:n]) == string(head)
}

// ParseMessage reads what dnsmasq has logged by other ways than to its file: what
// follows the ident, without which it is the same. The pid is that of the ident.
func (l *Line) ParseMessage(pid uint32, body []byte) error {
	l.Kind, l.Type, l.Name, l.Value, l.Source = Other, OtherType, nil, nil, nil
	l.Stamp, l.PID, l.Extra = nil, pid, false
	l.head, l.identLen, l.client = l.head[:0], 0, nil
	if len(body) > maxLine {
		return errLong
	}
	message, client := l.prefix(body)
	if l.Extra {
		l.head = append(append(l.head, '\n'), body[:len(body)-len(message)]...) // no line begins so
		l.client = l.head[len(l.head)-client:][:len(l.client)]
	}
	return l.message(message)
}

// remember keeps what stands between the time stamp and the message, and the
// client in it, which begins so many bytes before the message.
func (l *Line) remember(head []byte, client int) {
	l.head = append(l.head[:0], head...)
	l.client = l.head[len(head)-client:][:len(l.client)]
}

// ident reads up to the prefix. Nothing after it is another ident.
func (l *Line) ident(line []byte) (body []byte, err error) {
	const ident = " dnsmasq"
	const end = stampLen + len(ident)
	if l.identLen > 0 && begins(line, l.head[:l.identLen]) {
		l.Stamp = line[:stampLen]
		return line[stampLen+l.identLen:], nil
	}
	if len(line) <= end || string(line[stampLen:end]) != ident {
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
		return nil, ErrHead // the host may be called dnsmasq-1
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
