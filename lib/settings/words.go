package settings

import (
	"fmt"
	"strings"
)

// A variable is one assignment of the file.
type variable struct {
	Name, Value string
	line        int
}

// A reader reads the file as sh would.
type reader struct {
	text string
	at   int
	line int
	done bool // a statement of this line has been read, which ; may end
	vars []variable
}

func assignments(text string) ([]variable, *Error) {
	r := &reader{text: text, line: 1}
	if strings.HasSuffix(text, "\\") {
		r.line += strings.Count(text, "\n")
		return nil, r.fail("a backslash ends the file")
	}
	if zero := strings.IndexByte(text, 0); zero >= 0 {
		r.line += strings.Count(text[:zero], "\n")
		return nil, r.fail("a zero byte")
	}
	for r.at < len(r.text) {
		if err := r.statement(); err != nil {
			return nil, err
		}
	}
	return r.vars, nil
}

func (r *reader) fail(format string, args ...any) *Error {
	return &Error{Line: r.line, Text: fmt.Sprintf(format, args...)}
}

func (r *reader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

// blanks skips blanks, and line ends behind a backslash.
func (r *reader) blanks() {
	for r.at < len(r.text) {
		switch {
		case r.peek() == ' ' || r.peek() == '\t':
			r.at++
		case strings.HasPrefix(r.text[r.at:], "\\\n"):
			r.at += 2
			r.line++
		default:
			return
		}
	}
}

// statement reads the next part of a line: its end, a comment, or an assignment.
func (r *reader) statement() *Error {
	r.blanks()
	if r.at == len(r.text) {
		return nil
	}
	switch c := r.peek(); {
	case c == '\n':
		r.at++
		r.line++
		r.done = false
		return nil
	case c == ';' && r.done:
		r.at++
		r.done = false
		return nil
	case c == '#':
		end := strings.IndexByte(r.text[r.at:], '\n')
		if end < 0 {
			end = len(r.text) - r.at
		}
		r.at += end
		return nil
	}
	name := r.name()
	r.done = true
	if name == "export" && (r.peek() == ' ' || r.peek() == '\t') {
		return r.export()
	}
	return r.assignment(name)
}

// export reads the words after export: assignments, or only names.
func (r *reader) export() *Error {
	for n := 0; ; n++ {
		r.blanks()
		if c := r.peek(); c == 0 && r.at == len(r.text) || c == '\n' || c == ';' || c == '#' {
			if n == 0 {
				return r.fail("export what?")
			}
			return nil
		}
		name := r.name()
		if name != "" && r.peek() != '=' && r.ends() {
			continue
		}
		if err := r.assignment(name); err != nil {
			return err
		}
	}
}

// ends reports whether a word is at its end here.
func (r *reader) ends() bool {
	return r.at == len(r.text) || strings.IndexByte(" \t\n;", r.text[r.at]) >= 0
}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

func (r *reader) name() string {
	start := r.at
	for r.at < len(r.text) && (letter(r.text[r.at]) || r.at > start && digit(r.text[r.at])) {
		r.at++
	}
	return r.text[start:r.at]
}

func (r *reader) assignment(name string) *Error {
	if name == "" || r.peek() != '=' {
		return r.fail("not an assignment (NAME=value, no blanks around =)")
	}
	r.at++
	line := r.line
	value, err := r.word()
	if err != nil {
		return err
	}
	r.vars = append(r.vars, variable{name, value, line})
	return nil
}

// word reads a value, and removes its quotes.
func (r *reader) word() (string, *Error) {
	var b strings.Builder
	if r.peek() == '~' {
		return "", r.fail("~ is not understood: write the folder's whole name, or quote it")
	}
	for !r.ends() {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '\'':
			end := strings.IndexByte(r.text[r.at:], '\'')
			if end < 0 {
				return "", r.fail("the quote ' is not closed")
			}
			r.quoted(&b, r.text[r.at:r.at+end])
			r.at += end + 1
		case c == '"':
			if err := r.double(&b); err != nil {
				return "", err
			}
		case c == '\\':
			r.escaped(&b)
		case c == '$':
			if err := r.variable(&b); err != nil {
				return "", err
			}
		case strings.IndexByte("`|&<>()", c) >= 0:
			return "", r.fail("%q is not understood here: no commands, or quote it", c)
		case c < ' ' || c == 0x7f:
			return "", r.fail("a control character (%#02x)", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

func (r *reader) quoted(b *strings.Builder, text string) {
	b.WriteString(text)
	r.line += strings.Count(text, "\n")
}

// escaped reads the byte after a backslash.
func (r *reader) escaped(b *strings.Builder) {
	if r.text[r.at] == '\n' {
		r.line++
	} else {
		b.WriteByte(r.text[r.at])
	}
	r.at++
}

// double reads up to the closing quote.
func (r *reader) double(b *strings.Builder) *Error {
	line := r.line
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch c {
		case '"':
			return nil
		case '\\':
			if strings.IndexByte("$`\"\\\n", r.peek()) < 0 {
				b.WriteByte('\\')
				continue
			}
			r.escaped(b)
		case '$':
			if err := r.variable(b); err != nil {
				return err
			}
		case '`':
			return r.fail("no commands (`)")
		default:
			if c == '\n' {
				r.line++
			}
			b.WriteByte(c)
		}
	}
	return &Error{Line: line, Text: "the quote \" is not closed"}
}

// variable puts a value that was assigned before in the place of its name.
func (r *reader) variable(b *strings.Builder) *Error {
	braces := r.peek() == '{'
	if braces {
		r.at++
	}
	name := r.name()
	if braces {
		if r.peek() != '}' || name == "" {
			return r.fail("only $NAME and ${NAME} are understood")
		}
		r.at++
	}
	if name == "" {
		if strings.IndexByte("(0123456789@*#?$!-'", r.peek()) >= 0 && r.at < len(r.text) {
			return r.fail("only $NAME and ${NAME} are understood")
		}
		b.WriteByte('$')
		return nil
	}
	for i := len(r.vars) - 1; i >= 0; i-- {
		if r.vars[i].Name == name {
			b.WriteString(r.vars[i].Value)
			return nil
		}
	}
	return r.fail("$%s is not assigned above", name)
}
