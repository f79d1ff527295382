// Package unpack reads compressed logs, which it recognises by their first bytes,
// through gzip (RFC 1952), zstd (RFC 8878), bzip2 and xz. For an archive, UTF-16
// and the like it returns an error that names a command to read the file with.
//
// It runs programs: the libraries would make each start of a parser longer, zstd's
// by 0.3 ms of 1.5, and a poll starts one each minute with nothing to unpack.
package unpack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strings"
)

// A form is a kind of file that is not text, known by its first bytes.
type form struct {
	magic string
	rest  string // what follows the magic and one more byte
	open  func(io.Reader) (io.Reader, error)
	say   string // the error, if there is no open
}

var forms = [...]form{
	{magic: "\x1f\x8b\x08", open: by("gzip")},
	{magic: "\x28\xb5\x2f\xfd", open: by("zstd")},
	{magic: "\xfd7zXZ\x00", open: by("xz")},
	{magic: "\x5d\x00\x00", say: "compressed by lzma: give it what xz -dc --format=lzma FILE prints"},
	{magic: "BZh", rest: "1AY&SY", open: by("bzip2")},
	{magic: "\x1f\x9d", say: "compressed by compress: give it what zcat FILE prints"},
	{magic: "\x04\x22\x4d\x18", say: "compressed by lz4: give it what lz4 -dc FILE prints"},
	{magic: "LZIP", say: "compressed by lzip: give it what lzip -dc FILE prints"},
	{magic: "\x89LZO\x00", say: "compressed by lzop: give it what lzop -dc FILE prints"},
	{magic: "PK\x03\x04", say: "a zip file: give it what unzip -p FILE prints"},
	{magic: "7z\xbc\xaf\x27\x1c", say: "an archive of 7-Zip: give it what 7z x -so FILE prints"},
	{magic: "Rar!\x1a\x07", say: "a rar archive: give it what unrar p -inul FILE prints"},
	{magic: "LPKSHHRH", say: "a file of the journal: give it what journalctl --file=FILE -o export prints"},
	{magic: "SQLite format 3\x00", say: "a database of SQLite, not a log (the log of Pi-hole is /var/log/pihole/pihole.log)"},
	{magic: "\xff\xfe\x00\x00", say: "text in UTF-32: give it what iconv -f UTF-32 -t UTF-8 FILE prints"},
	{magic: "\xff\xfe", say: utf16 + "UTF-16" + toUTF8},
	{magic: "\xfe\xff", say: utf16 + "UTF-16" + toUTF8},
}

// Forms that have no fixed beginning.
var (
	littleEndian = form{say: utf16 + "UTF-16LE" + toUTF8}
	bigEndian    = form{say: utf16 + "UTF-16BE" + toUTF8}
	archive      = form{say: "an archive of tar: give it what tar -xOf FILE prints"}
)

const (
	utf16  = "text in UTF-16: give it what iconv -f "
	toUTF8 = " -t UTF-8 FILE prints"
)

// by returns a function that reads through a program. The program ends with its
// input, or when its output is closed.
func by(program string) func(io.Reader) (io.Reader, error) {
	return func(r io.Reader) (io.Reader, error) {
		p, err := Start(program, r)
		if err != nil {
			return nil, fmt.Errorf("%w: give it what %s -dc FILE prints", err, program)
		}
		p.hint = " (several files in one: give them as arguments, or what zcat -f FILES prints)"
		return p, nil
	}
}

// options are what a program needs besides -dc. Without them the header of a file
// decides how much memory xz takes.
var options = map[string][]string{"xz": {"--format=xz", "--threads=1", "--memlimit-decompress=128MiB"}}

// A Program is a running program that decompresses. To read is to read what it prints;
// at the end Read returns an error if it failed.
type Program struct {
	name string
	cmd  *exec.Cmd
	out  io.Reader
	said complaint
	hint string // added to an error
	end  error  // of a program that was waited for
}

// Start starts gzip, zstd, bzip2 or xz to decompress r.
func Start(name string, r io.Reader) (*Program, error) {
	p := &Program{name: name, cmd: exec.Command(name, append(options[name], "-dc")...)}
	p.cmd.Stdin, p.cmd.Stderr = r, &p.said
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("compressed by %s, and that cannot be run", name)
	}
	p.out = out
	return p, nil
}

func (p *Program) Read(b []byte) (n int, err error) {
	if p.end != nil {
		return 0, p.end
	}
	if n, err = p.out.Read(b); err != io.EOF {
		return n, err
	}
	p.end = io.EOF
	if err := p.cmd.Wait(); err != nil {
		p.end = p.failed(err)
	}
	return n, p.end
}

// Close ends a program whose output is not wanted any more.
func (p *Program) Close() {
	if p.end == nil {
		p.end = fs.ErrClosed
		p.cmd.Process.Kill()
		p.cmd.Wait()
	}
}

// failed returns an error of one line: the program's complaint, and the hint.
func (p *Program) failed(err error) error {
	said := strings.Join(strings.Fields(string(p.said.text)), " ")
	said = strings.TrimPrefix(said, p.name+": ")
	if said == "" {
		said = err.Error()
	}
	return fmt.Errorf("%s: %s%s", p.name, said, p.hint)
}

// A complaint is the beginning of what a program prints to standard error.
type complaint struct{ text []byte }

func (c *complaint) Write(p []byte) (int, error) {
	c.text = append(c.text, p[:min(len(p), 200-len(c.text))]...)
	return len(p), nil
}

// Reader returns a reader of r, decompressed if it is compressed.
func Reader(r io.Reader) io.Reader { return &reader{in: r} }

type reader struct {
	in     io.Reader
	looked bool
	depth  int
}

// maxDepth is how many times a file may be compressed.
const maxDepth = 3

// Read checks the first bytes. A terminal or a pipe may give them in pieces: Read
// reads on as long as they may be the beginning of a form.
func (r *reader) Read(p []byte) (n int, err error) {
	if r.looked || len(p) < 16 {
		return r.in.Read(p)
	}
	for {
		var k int
		k, err = r.in.Read(p[n:])
		n += k
		f, more := find(p[:n])
		if f != nil {
			r.looked = true
			return r.unpack(f, p, n)
		}
		if !more || err != nil || n == len(p) {
			r.looked = n > 0
			return n, err
		}
	}
}

// fewest is how many bytes tell UTF-16 from UTF-32, and both from text.
const fewest = 4

// find returns the form that b begins with; more reports whether further bytes
// may make it one.
func find(b []byte) (f *form, more bool) {
	if len(b) < fewest && bytes.IndexByte(b, '\n') < 0 {
		return nil, true
	}
	for i := range forms {
		f := &forms[i]
		switch n := len(f.magic); {
		case len(b) < n:
			more = more || len(b) > 0 && f.magic[:len(b)] == string(b)
		case string(b[:n]) != f.magic:
		case f.rest == "" || bytes.HasPrefix(b[min(n+1, len(b)):], []byte(f.rest)):
			return f, false
		default:
			more = more || len(b) < n+1+len(f.rest)
		}
	}
	if more {
		return nil, true
	}
	return findShape(b)
}

// IsPacked reports whether b begins as a file that Reader unpacks.
func IsPacked(b []byte) bool {
	f, _ := find(b)
	return f != nil && f.open != nil
}

// findShape recognises the forms that have no fixed beginning: text of two bytes
// a character, and the name and the magic of a tar archive (ustar).
func findShape(b []byte) (f *form, more bool) {
	const magicAt, nameLen = 257, 100
	if i := bytes.IndexByte(b[:min(len(b), nameLen+1)], 0); i < 0 {
		return nil, false
	} else if len(b) > 3 && b[1] == 0 && b[3] == 0 && b[0] != 0 && b[2] != 0 {
		return &littleEndian, false
	} else if len(b) > 3 && b[0] == 0 && b[2] == 0 && b[1] != 0 && b[3] != 0 {
		return &bigEndian, false
	}
	if len(b) < magicAt+len("ustar") {
		return nil, b[0] != 0 && bytes.IndexByte(b, '\n') < 0
	}
	if string(b[magicAt:magicAt+len("ustar")]) == "ustar" {
		return &archive, false
	}
	return nil, false
}

func (r *reader) unpack(f *form, p []byte, n int) (int, error) {
	if f.open == nil {
		return 0, errors.New(f.say)
	}
	in, err := f.open(io.MultiReader(bytes.NewReader(bytes.Clone(p[:n])), r.in))
	if err != nil {
		return 0, err
	}
	if r.in = in; r.depth+1 < maxDepth {
		r.in = &reader{in: in, depth: r.depth + 1}
	}
	return r.in.Read(p)
}
