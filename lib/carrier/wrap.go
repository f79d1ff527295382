package carrier

import "bytes"

var bom = []byte("\xef\xbb\xbf")

// clean takes off what is no part of a line: the CR of other systems, a byte
// order mark, NULs that a power cut left, and colours.
func (p *Parser) clean(line []byte) []byte {
	b := bytes.TrimRight(line, "\r\x00")
	b = bytes.TrimLeft(bytes.TrimPrefix(b, bom), "\x00")
	if bytes.IndexByte(b, 0x1b) >= 0 {
		b = p.plain(b)
	}
	if len(bytes.TrimLeft(b, " \t")) == 0 {
		return nil
	}
	return b
}

// plain is b without the sequences that set colours (ECMA-48 §8.3.117, SGR) or
// erase the rest of a line (EL), as grep prints them.
func (p *Parser) plain(b []byte) []byte {
	p.scratch = p.scratch[:0]
	for i := 0; i < len(b); i++ {
		if b[i] == 0x1b && i+1 < len(b) && b[i+1] == '[' {
			end := i + 2
			for end < len(b) && (b[end]-'0' <= 9 || b[end] == ';') {
				end++
			}
			if end < len(b) && (b[end] == 'm' || b[end] == 'K') {
				i = end
				continue
			}
		}
		p.scratch = append(p.scratch, b[i])
	}
	return p.scratch
}

// isHeading says whether a line is one that tail or grep puts between others.
func isHeading(b []byte) bool {
	return string(b) == "--" || bytes.HasPrefix(b, []byte("==> ")) && bytes.HasSuffix(b, []byte(" <=="))
}

func isContinuation(b []byte) bool {
	n := 0
	for n < len(b) && (b[n] == ' ' || b[n] == '\t') {
		n++
	}
	return n > maxIndent
}

// unwrap takes off what stands before a whole line.
func unwrap(b []byte) (rest []byte, ok bool) {
	if b[0] == '>' {
		return found(b[1:])
	}
	if bytes.HasPrefix(b, []byte("[pod/")) {
		_, rest, ok = bytes.Cut(b, []byte("] "))
		return nonEmpty(rest, ok)
	}
	if _, n := number(b, 9); n > 0 && n < len(b) {
		switch b[n] {
		case ':', '\t', ' ':
			return found(b[n+1:])
		}
	}
	if rest, ok = composed(b); ok {
		return found(rest)
	}
	return path(b)
}

func found(b []byte) ([]byte, bool) { return nonEmpty(bytes.TrimLeft(b, " \t"), true) }

func nonEmpty(b []byte, ok bool) ([]byte, bool) { return b, ok && len(b) > 0 }

// composed takes off "dnsmasq-1  | ".
func composed(b []byte) (rest []byte, ok bool) {
	n := 0
	for n < len(b) && n < 64 && isTagByte(b[n]) {
		n++
	}
	rest = bytes.TrimLeft(b[n:], " ")
	return bytes.CutPrefix(rest, []byte("| "))
}

// path takes off "kern.log:", which has no blank and no quote.
func path(b []byte) (rest []byte, ok bool) {
	if rest, ok = bytes.CutPrefix(b, []byte("(standard input):")); ok {
		return found(rest)
	}
	for n, c := range b[:min(len(b), 256)] {
		switch {
		case c == ':' && n > 0:
			return found(b[n+1:])
		case c <= ' ' || c == '"' || c == '\'' || c == '[' || c == '<' || c == '{' || c == '=':
			return nil, false
		}
	}
	return nil, false
}
