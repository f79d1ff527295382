package carrier

import "bytes"

var bom = []byte("\xef\xbb\xbf")

// clean takes off bytes that are no part of a line: the CR of other systems, a byte
// order mark, NULs that a power cut left, colours, and the blanks of web pages.
func (p *Parser) clean(line []byte) []byte {
	b := line
	for len(b) > 0 && (b[len(b)-1] == '\r' || b[len(b)-1] == 0) {
		b = b[:len(b)-1]
	}
	b = bytes.TrimPrefix(b, bom)
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if bytes.IndexByte(b, 0x1b) >= 0 {
		b = p.plain(b)
	}
	if bytes.IndexByte(b, noBreak[0]) >= 0 && bytes.Contains(b, []byte(noBreak)) || bytes.HasPrefix(b, []byte(zeroWidth)) {
		b = bytes.ReplaceAll(bytes.TrimPrefix(b, []byte(zeroWidth)), []byte(noBreak), []byte{' '})
	}
	if len(skipBlanks(b)) == 0 {
		return nil
	}
	return b
}

const (
	noBreak   = "\u00a0"
	zeroWidth = "\u200b"
)

// plain returns b without the sequences that set colours (ECMA-48 §8.3.117, SGR) or
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

// isHeading reports whether a line is one that tail, grep or an editor of web
// pages puts between others.
func isHeading(b []byte) bool {
	return string(b) == "--" || bytes.HasPrefix(b, []byte("```")) || bytes.HasPrefix(b, []byte("==> ")) && bytes.HasSuffix(b, []byte(" <=="))
}

func isContinuation(b []byte) bool {
	n := 0
	for n < len(b) && (b[n] == ' ' || b[n] == '\t') {
		n++
	}
	return n > maxIndent
}

// A wrapper takes off the text that a program puts before whole lines; ok is false if
// the line has no such text.
type wrapper struct {
	cut       func(b []byte) (rest []byte, ok bool)
	contained bool // a container prints the lines: none of them is the kernel's
}

var wrappers = [...]wrapper{
	{cut: quoted}, {cut: numbered}, {cut: pod, contained: true}, {cut: composed, contained: true}, {cut: path}, {cut: contextPath},
	{cut: named, contained: true},
}

// unwrap applies the first wrapper that knows the line.
func unwrap(b []byte) (rest []byte, contained, ok bool) {
	for _, w := range wrappers {
		if rest, ok := w.cut(b); ok {
			rest = skipBlanks(rest)
			return rest, w.contained, len(rest) > 0
		}
	}
	return nil, false, false
}

// quoted takes off the mark of a quotation or of a list: "> ", "| ", "- ", "* ".
func quoted(b []byte) ([]byte, bool) {
	if b[0] == '>' {
		return b[1:], true
	}
	ok := len(b) > 2 && b[1] == ' ' && (b[0] == '-' || b[0] == '*' || b[0] == '|')
	return b[1:], ok
}

// numbered takes off the number of a line: "12:", "12-", "12<tab>", "12. ", "12) ".
func numbered(b []byte) ([]byte, bool) {
	_, n := number(b, 9)
	if n == 0 || n == len(b) {
		return nil, false
	}
	rest := b[n+1:]
	switch b[n] {
	case ':', '\t', ' ', '-':
		return rest, true
	case '.', ')':
		return rest, len(rest) > 0 && rest[0] == ' '
	}
	return nil, false
}

// pod takes off "[pod/dns-0/dnsmasq] ", of kubectl logs --prefix.
func pod(b []byte) (rest []byte, ok bool) {
	if !bytes.HasPrefix(b, []byte("[pod/")) {
		return nil, false
	}
	_, rest, ok = bytes.Cut(b, []byte("] "))
	return rest, ok
}

// composed takes off "dnsmasq-1  | ", of docker compose logs.
func composed(b []byte) (rest []byte, ok bool) {
	n := 0
	for n < len(b) && n < 128 && isTagByte(b[n]) {
		n++
	}
	if n == 0 {
		return nil, false
	}
	return bytes.CutPrefix(bytes.TrimLeft(b[n:], " "), []byte("| "))
}

// skipLabels takes off {job="syslog"}, which logcli prints behind the time. contained
// is true if they are the labels of a container.
func skipLabels(b []byte) (rest []byte, contained bool) {
	if len(b) == 0 || b[0] != '{' {
		return b, false
	}
	end := labelsLen(b)
	if end == 0 || end == len(b) || b[end] != ' ' {
		return b, false
	}
	for _, name := range [...]string{"container", "container_name", "container_id", "pod", "stream"} {
		contained = contained || hasLabel(b[:end], name)
	}
	return b[end+1:], contained
}

// labelsLen returns the length of the labels that b begins with, or 0. In their quoted
// values a backslash escapes a quote.
func labelsLen(b []byte) int {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == '}' && !quoted:
			return i + 1
		}
	}
	return 0
}

// hasLabel reports whether labels may have one of this name.
func hasLabel(labels []byte, name string) bool {
	for from := 0; ; {
		i := bytes.Index(labels[from:], []byte(name))
		if i < 0 {
			return false
		}
		i += from
		before, after := labels[i-1], labels[i+len(name)] // the braces at least
		if (before == '{' || before == ',' || before == ' ') && after == '=' {
			return true
		}
		from = i + 1
	}
}

// path takes off "kern.log:", of grep -H: it has no blank and no quote.
func path(b []byte) (rest []byte, ok bool) {
	if rest, ok = bytes.CutPrefix(b, []byte("(standard input):")); ok {
		return rest, true
	}
	n := pathLen(b)
	if n == 0 || n == len(b) || b[n] != ':' {
		return nil, false
	}
	return b[n+1:], true
}

func pathLen(b []byte) int {
	for n, c := range b[:min(len(b), 256)] {
		if c <= ' ' || c == ':' || c == '"' || c == '\'' || c == '[' || c == '<' || c == '{' || c == '=' {
			return n
		}
	}
	return 0
}

// contextPath takes off "kern.log-12-", of grep -C.
func contextPath(b []byte) (rest []byte, ok bool) {
	for n := range b[:pathLen(b)] {
		if n == 0 || b[n] != '-' {
			continue
		}
		if _, size := number(b[n+1:], 9); size > 0 && n+1+size < len(b) && b[n+1+size] == '-' {
			return b[n+size+2:], true
		}
	}
	return nil, false
}

// named takes off one or two names before a stamp: the pod and the container that
// stern prints, the container of podman logs --names.
func named(b []byte) (rest []byte, ok bool) {
	if !hasClock(b) {
		return nil, false
	}
	for range 2 {
		n := 0
		for n < len(b) && (b[n] >= 'a' && b[n] <= 'z' || n > 0 && (b[n]-'0' <= 9 || b[n] == '-' || b[n] == '_' || b[n] == '.')) {
			n++
		}
		if n == 0 || n+1 >= len(b) || b[n] != ' ' {
			break
		}
		b, ok = b[n+1:], true
	}
	c := b[0]
	return b, ok && (c-'0' <= 9 || 'A' <= c && c <= 'Z' || c == '[')
}
