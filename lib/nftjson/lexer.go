package nftjson

import (
	"errors"
	"io"
	"unicode/utf8"
)

// A lexer reads JSON (RFC 8259) as a stream. Package encoding/json takes four times
// as long for a set of 65,536 addresses. After an error, err, nothing more is read,
// and values are empty.
type lexer struct {
	in      io.Reader
	buf     []byte // buf[at:end] is not used yet
	at, end int
	before  int64 // bytes before buf
	err     error
	ended   error // the error that ended the input
	depth   int
	text    []byte
}

const (
	maxDepth = 64   // of objects and arrays in each other
	maxText  = 4096 // how many bytes of a string or number are kept; names of nft have 255 at most
)

var (
	errSyntax = errors.New("syntax error in JSON")
	errDeep   = errors.New("objects and arrays too deep in each other")
)

func newLexer(in io.Reader) *lexer { return &lexer{in: in, buf: make([]byte, 64<<10)} }

func (l *lexer) place() int64 { return l.before + int64(l.at) }

func (l *lexer) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// fill reads more, if the buffer is used up. It returns false at the end of the
// input.
func (l *lexer) fill() bool {
	for l.at == l.end && l.ended == nil {
		l.before += int64(l.end)
		l.at, l.end = 0, 0
		l.end, l.ended = l.in.Read(l.buf)
	}
	return l.at < l.end
}

// next reads a byte. It returns 0 after an error; the end of the input is an error.
func (l *lexer) next() byte {
	if l.at == l.end && !l.fill() || l.err != nil {
		l.fail(l.missing())
		return 0
	}
	c := l.buf[l.at]
	l.at++
	return c
}

// missing returns the error of an input that ends too early.
func (l *lexer) missing() error {
	if l.ended == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return l.ended
}

// space skips white space, and returns the byte after it without reading it. At an
// end of the input between two documents it returns 0, and err is io.EOF.
func (l *lexer) space() byte {
	for l.err == nil {
		if l.at == l.end && !l.fill() {
			if l.depth == 0 && l.ended == io.EOF {
				l.fail(io.EOF)
			}
			l.fail(l.missing())
			return 0
		}
		if c := l.buf[l.at]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		l.at++
	}
	return 0
}

func (l *lexer) expect(want byte) bool {
	if l.space() != want {
		l.fail(errSyntax)
		return false
	}
	l.at++
	return true
}

// enter begins an object or an array, for
//
//	for first := l.enter('{'); l.more('}', &first); { … one member … }
func (l *lexer) enter(open byte) (first bool) {
	if l.expect(open) {
		if l.depth++; l.depth > maxDepth {
			l.fail(errDeep)
		}
	}
	return true
}

// more reports whether there is one more member, or value, before the end.
func (l *lexer) more(end byte, first *bool) bool {
	c := l.space()
	if c == end {
		l.at++
		l.depth--
		return false
	}
	if !*first {
		l.expect(',')
	}
	*first = false
	return l.err == nil
}

// key reads the name of a member. It is valid until the next value is read.
func (l *lexer) key() []byte {
	if l.space() != '"' {
		l.fail(errSyntax)
		return nil
	}
	key, _ := l.quoted()
	l.expect(':')
	return key
}

// quoted reads a string. whole is false if it was longer than maxText.
func (l *lexer) quoted() (text []byte, whole bool) {
	l.next()
	l.text, whole = l.text[:0], true
	for {
		c := l.next()
		switch {
		case l.err != nil:
			return nil, false
		case c == '"':
			return l.text, whole
		case c < ' ':
			l.fail(errSyntax)
			return nil, false
		case c == '\\':
			l.escape()
		default:
			l.text = append(l.text, c)
		}
		if len(l.text) > maxText {
			l.text, whole = l.text[:maxText], false
		}
	}
}

func (l *lexer) escape() {
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	c := l.next()
	for i := range len(from) {
		if from[i] == c {
			l.text = append(l.text, to[i])
			return
		}
	}
	if c != 'u' {
		l.fail(errSyntax)
		return
	}
	r := rune(0)
	for range 4 {
		h, ok := hex(l.next())
		if !ok {
			l.fail(errSyntax)
			return
		}
		r = r<<4 | h
	}
	l.text = utf8.AppendRune(l.text, r) // half of a pair becomes U+FFFD: no name or address has one
}

func hex(c byte) (rune, bool) {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0'), true
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10, true
	}
	return 0, false
}

// number reads a value that should be a number; "" if it is another value.
func (l *lexer) number() []byte {
	if c := l.space(); c != '-' && (c < '0' || c > '9') {
		l.skipValue()
		return nil
	}
	return l.word()
}

// word reads a number or a literal.
func (l *lexer) word() []byte {
	l.text = l.text[:0]
	for l.err == nil && (l.at < l.end || l.fill()) {
		c := l.buf[l.at]
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E') {
			break
		}
		if l.at++; len(l.text) < maxText {
			l.text = append(l.text, c)
		}
	}
	return l.text
}

// skipValue skips a value.
func (l *lexer) skipValue() {
	switch c := l.space(); {
	case c == '{':
		for first := l.enter('{'); l.more('}', &first); {
			l.key()
			l.skipValue()
		}
	case c == '[':
		for first := l.enter('['); l.more(']', &first); {
			l.skipValue()
		}
	case c == '"':
		l.quoted()
	case l.err == nil:
		if !isWord(l.word()) {
			l.fail(errSyntax)
		}
	}
}

// isWord reports whether text may be a number or a literal. It checks numbers only
// as far as is needed to find the end of a value.
func isWord(text []byte) bool {
	switch string(text) {
	case "true", "false", "null":
		return true
	}
	for _, c := range text {
		if c >= 'a' && c != 'e' {
			return false
		}
	}
	return len(text) > 0 && (text[0] == '-' || '0' <= text[0] && text[0] <= '9')
}
