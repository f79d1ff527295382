package dnsmasq

import "bytes"

// prefix reads the prefix, if body has one, and returns the message after it. The
// client begins so many bytes before the message. Messages of dnsmasq's own DNSSEC
// queries are not returned.
func (l *Line) prefix(body []byte) (message []byte, client int) {
	rest := body
	if len(rest) > 4 && (string(rest[:4]) == "UDP " || string(rest[:4]) == "TCP ") {
		rest = rest[4:]
	}
	serial, n := number(rest)
	if n == 0 || n == len(rest) || rest[n] != ' ' {
		return body, 0
	}
	rest = rest[n+1:]
	name, end := l.sameClient(rest)
	if end == 0 {
		name, end = cutClient(rest)
	}
	if end < 0 {
		return nil, 0
	}
	l.Extra, l.Serial, l.client = true, serial, name
	return rest[end:], end
}

// sameClient is cutClient for the client of the last line (6 % of dnsparse: a
// server's log has few clients). end is 0 if the client is another one.
func (l *Line) sameClient(b []byte) (client []byte, end int) {
	n := len(l.client)
	if n == 0 || len(b) <= n || b[n] != '/' || string(b[:n]) != string(l.client) {
		return nil, 0
	}
	end = n + 1
	for end < len(b) && b[end]-'0' <= 9 {
		end++
	}
	if end == n+1 || end == len(b) || b[end] != ' ' {
		return nil, 0
	}
	return b[:n], end + 1
}

// cutClient reads "CLIENT/PORT ", and returns CLIENT without its zone. end is the
// index of the message, or -1.
func cutClient(b []byte) (client []byte, end int) {
	zone, slash := -1, -1
	for i, c := range b {
		switch {
		case c == '/':
			slash = i
		case c == '%' && zone < 0:
			zone = i
		case c == ' ':
			if slash <= 0 || !allDigits(b[slash+1:i]) {
				return nil, -1
			}
			if zone >= 0 {
				return b[:zone], i + 1
			}
			return b[:slash], i + 1
		}
	}
	return nil, -1
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return len(b) > 0
}

// number reads the decimal number of at most 32 bits that b begins with. n is its
// length in bytes, 0 if there is none.
func number(b []byte) (value uint32, n int) {
	var v uint64
	for n < len(b) && b[n]-'0' <= 9 {
		v = v*10 + uint64(b[n]-'0')
		if n++; n > 10 {
			return 0, 0
		}
	}
	if v > 1<<32-1 {
		return 0, 0
	}
	return uint32(v), n
}

// IsTag reports whether tag, the name of a program or of its unit, is that of a
// dnsmasq that answers queries.
func IsTag(tag []byte) bool {
	tag = tag[bytes.LastIndexByte(tag, '/')+1:]
	rest, ok := bytes.CutPrefix(tag, []byte("dnsmasq"))
	if !ok {
		return string(tag) == "pihole-FTL"
	}
	if len(rest) == 0 || rest[0] == '.' || rest[0] == '@' {
		return true
	}
	return bytes.HasSuffix(rest, []byte(".service")) && (rest[0] == '-' || rest[0] == '\\')
}
