package nftjson

import (
	"bufio"
	"errors"
	"io"
	"unicode/utf8"
)

// A lexer reads JSON (RFC 8259) as a stream. Package encoding/json would take
// ten times as long for a set of 65,536 addresses, or hold all of it. After an
// error, err, nothing more is read, and values are empty.
type lexer struct {
	in    *bufio.Reader
	at    int64 // bytes read
	err   error
	depth int
	text  []byte
}

const (
	maxDepth = 64   // of objects and arrays in each other
	maxText  = 4096 // bytes of a string or number that are kept; names of nft have 255 at most
)

var (
	errSyntax = errors.New("syntax error in JSON")
	errDeep   = errors.New("objects and arrays too deep in each other")
)

func newLexer(in io.Reader) *lexer { return &lexer{in: bufio.NewReaderSize(in, 64<<10)} }

func (l *lexer) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// end says whether the input ended where it may.
func (l *lexer) end() bool { return l.err != nil }

// next takes a byte. It is 0 after an error, which io.EOF is here.
func (l *lexer) next() byte {
	if l.err != nil {
		return 0
	}
	c, err := l.in.ReadByte()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		l.fail(err)
		return 0
	}
	l.at++
	return c
}

func (l *lexer) back() {
	if l.err == nil {
		l.in.UnreadByte()
		l.at--
	}
}

// space passes white space, and returns the byte after it without taking it.
// At the end of the input it returns 0, and err is io.EOF.
func (l *lexer) space() byte {
	for l.err == nil {
		c, err := l.in.ReadByte()
		if err != nil {
			if err == io.EOF && l.depth > 0 {
				err = io.ErrUnexpectedEOF
			}
			l.fail(err)
			return 0
		}
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			l.in.UnreadByte()
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
	l.next()
	return l.err == nil
}

// object reads an object, and calls member before each value, which it must
// take. The key is valid until then.
func (l *lexer) object(member func(key []byte)) {
	l.list('{', '}', func() {
		key, ok := l.key()
		if ok && l.expect(':') {
			member(key)
		}
	})
}

func (l *lexer) key() (key []byte, ok bool) {
	if l.space() != '"' {
		l.fail(errSyntax)
		return nil, false
	}
	return l.quoted()
}

// array reads an array, and calls value before each value, which it must take.
func (l *lexer) array(value func()) { l.list('[', ']', value) }

func (l *lexer) list(open, end byte, item func()) {
	if !l.expect(open) {
		return
	}
	if l.depth++; l.depth > maxDepth {
		l.fail(errDeep)
		return
	}
	defer func() { l.depth-- }()
	if l.space() == end {
		l.next()
		return
	}
	for l.err == nil {
		item()
		switch l.space() {
		case end:
			l.next()
			return
		case ',':
			l.next()
		default:
			l.fail(errSyntax)
		}
	}
}

// quoted reads a string. ok says that all of it was kept.
func (l *lexer) quoted() (text []byte, ok bool) {
	l.next()
	l.text, ok = l.text[:0], true
	for {
		c := l.next()
		switch {
		case l.err != nil:
			return nil, false
		case c == '"':
			return l.text, ok
		case c < ' ':
			l.fail(errSyntax)
			return nil, false
		case len(l.text) >= maxText:
			ok = false
			if c == '\\' {
				l.next()
			}
		case c == '\\':
			l.escape()
		default:
			l.text = append(l.text, c)
		}
	}
}

func (l *lexer) escape() {
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	c := l.next()
	for i := range from {
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
	for {
		c := l.next()
		if l.err == io.ErrUnexpectedEOF && l.depth == 0 {
			return l.text
		}
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E') {
			l.back()
			return l.text
		}
		if len(l.text) < maxText {
			l.text = append(l.text, c)
		}
	}
}

// skipValue takes a value.
func (l *lexer) skipValue() {
	switch c := l.space(); {
	case c == '{':
		l.object(func([]byte) { l.skipValue() })
	case c == '[':
		l.array(l.skipValue)
	case c == '"':
		l.quoted()
	case l.err == nil:
		if !isWord(l.word()) {
			l.fail(errSyntax)
		}
	}
}

// isWord says whether text is a number or a literal. Numbers are only looked
// at as far as it takes to find the end of a value.
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
	return len(text) > 0 && (text[0] == '-' || text[0] <= '9')
}
