package unpack

import (
	"bytes"
	"compress/gzip"
	"io"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"

	"egress-monitor/lib/testtools"
)

const text = "Nov 25 10:00:00 dnsmasq[577]: query[A] a.example.org from 192.0.2.5\n"

func packed() map[string][]byte {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	w.Write([]byte(text))
	w.Close()
	return map[string][]byte{"plain": []byte(text), "gzip": gz.Bytes(), "two gzips": append(gz.Bytes()[:gz.Len():gz.Len()], gz.Bytes()...)}
}

func TestReader(t *testing.T) {
	for name, data := range packed() {
		want := text
		if name == "two gzips" {
			want += text
		}
		for _, in := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
			got, err := io.ReadAll(Reader(in))
			if err != nil || string(got) != want {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
	}
}

// What other programs have compressed; what was cut short is an error.
func TestPrograms(t *testing.T) {
	for _, program := range []string{"bzip2", "zstd", "xz"} {
		testtools.Need(t, program)
		cmd := exec.Command(program, "-c")
		cmd.Stdin = strings.NewReader(text)
		data, err := cmd.Output()
		testtools.Must(t, err)
		if got, err := io.ReadAll(Reader(bytes.NewReader(data))); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", program, got, err)
		}
		if _, err := io.ReadAll(Reader(bytes.NewReader(data[:len(data)-5]))); err == nil {
			t.Errorf("%s: cut short: no error", program)
		}
	}
}

// A missing program is reported.
func TestNoProgram(t *testing.T) {
	t.Setenv("PATH", "/nonexistent")
	_, err := io.ReadAll(Reader(strings.NewReader("\xfd7zXZ\x00" + text)))
	if err == nil || err.Error() != "compressed by xz, and that cannot be run: give it what xz -dc FILE prints" {
		t.Error(err)
	}
}

// A file that cannot be read is named, and no byte of it is printed.
func TestNamed(t *testing.T) {
	for _, f := range forms {
		if f.open != nil {
			continue
		}
		got, err := io.ReadAll(Reader(strings.NewReader(f.magic + text)))
		if len(got) > 0 || err == nil || err.Error() != f.say {
			t.Errorf("%q: %q, %v", f.magic, got, err)
		}
	}
}

// Something cut short, or of less than a magic number, is what it is.
func TestShort(t *testing.T) {
	for _, s := range []string{"", "B", "BZ", "BZh", "BZh9", "BZh9 is a word", "\x1f", "\x1f\x8b", "PK", "\xff"} {
		if got, err := io.ReadAll(Reader(strings.NewReader(s))); err != nil || string(got) != s {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	gz := packed()["gzip"]
	if _, err := io.ReadAll(Reader(bytes.NewReader(gz[:len(gz)-9]))); err == nil {
		t.Error("a gzip file cut short: no error")
	}
}

// Forms that are not text and cannot be read are named, in however small pieces
// they come.
func TestShapes(t *testing.T) {
	wide := func(order string) string {
		var b strings.Builder
		for _, c := range []byte(text) {
			b.WriteString(strings.NewReplacer("0", "\x00", "c", string(c)).Replace(order))
		}
		return b.String()
	}
	for data, want := range map[string]string{
		"log/syslog" + strings.Repeat("\x00", 247) + "ustar  \x00" + text: "tar -xOf",
		wide("c0"):                            "UTF-16LE",
		wide("0c"):                            "UTF-16BE",
		"\xff\xfe" + wide("c0"):               "UTF-16 ",
		"\xff\xfe\x00\x00" + wide("c000"):     "UTF-32",
		"LZIP\x01" + text:                     "lzip",
		"\x5d\x00\x00\x80\x00" + text:         "lzma",
		"SQLite format 3\x00" + text:          "SQLite",
		"7z\xbc\xaf\x27\x1c" + text:           "7-Zip",
		"log\x00" + strings.Repeat("x", 1000): "", // not the name of a file in an archive
		"x\x00\x00\n" + text:                  "",
	} {
		for i, in := range []io.Reader{strings.NewReader(data), iotest.OneByteReader(strings.NewReader(data))} {
			if i == 1 && strings.Contains(want, "tar") {
				continue // comes in blocks: its name may be text
			}
			got, err := io.ReadAll(Reader(in))
			if want == "" && (err != nil || string(got) != data) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%.20q: %.40q, %v, want %q", data, got, err, want)
			}
		}
	}
}

// Data behind the end of what is compressed is an error of one line that says
// what to do.
func TestTrailing(t *testing.T) {
	data := append(packed()["gzip"], text...)
	got, err := io.ReadAll(Reader(bytes.NewReader(data)))
	if string(got) != text || err == nil || !strings.Contains(err.Error(), "zcat -f FILES") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%q, %v", got, err)
	}
}

func TestIsPacked(t *testing.T) {
	for text, want := range map[string]bool{"\x1f\x8b\x08x": true, "\x28\xb5\x2f\xfdx": true, "\xfd7zXZ\x00x": true, "BZh91AY&SYx": true, "BZh9 is a word": false, "LZIP\x01": false, text: false, "": false, "\x1f": false} {
		if got := IsPacked([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// A file that was compressed twice is read; one that was compressed too often is not.
func TestDepth(t *testing.T) {
	for depth := range maxDepth + 3 {
		data := []byte(text)
		for range depth {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write(data)
			z.Close()
			data = b.Bytes()
		}
		got, err := io.ReadAll(Reader(bytes.NewReader(data)))
		if (string(got) == text) != (depth <= maxDepth) || err != nil {
			t.Errorf("compressed %d times: %v, %.20q", depth, err, got)
		}
	}
}

// hostile is an xz file whose header asks for a dictionary of 4 GB.
const hostile = "\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4F\x02\x00!\x01(\x00\x00\x00\xe6\xa0\x11\xb3\x01\x00\x03one\x0a\x00" +
	"\xf5\x5c\xbbV\x1f\xc6\xfd\x86\x00\x01\x1c\x04o,\x9c\xc1\x1f\xb6\xf3}\x01\x00\x00\x00\x00\x04YZ"

// A file that asks for too much memory is one error. A program that is not read to its end
// is ended.
func TestStart(t *testing.T) {
	testtools.Need(t, "xz")
	_, err := io.ReadAll(Reader(strings.NewReader(hostile)))
	if err == nil || !strings.HasPrefix(err.Error(), "xz: (stdin): Memory usage limit reached") {
		t.Errorf("4 GB: %v", err)
	}
	var big bytes.Buffer
	cmd := exec.Command("xz", "-c")
	cmd.Stdin, cmd.Stdout = strings.NewReader(strings.Repeat(text, 1<<16)), &big
	testtools.Must(t, cmd.Run())
	p, err := Start("xz", &big)
	testtools.Must(t, err)
	if _, err := io.ReadFull(p, make([]byte, len(text))); err != nil {
		t.Error(err)
	}
	p.Close()
	p.Close()
	if n, err := p.Read(make([]byte, 9)); n > 0 || err == nil {
		t.Errorf("after the end: %d bytes, %v", n, err)
	}
}
