package logfile

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// numbersFrom is lines with the numbers [from, to).
func numbersFrom(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		fmt.Fprintf(&b, "line %d of the log\n", n)
	}
	return b.String()
}

func pollOf(t *testing.T, l Log, after string) (text, cursor string) {
	t.Helper()
	var b bytes.Buffer
	var gaps string
	l.Gap = func(msg string) { gaps += "gap: " + strings.ReplaceAll(msg, l.Path, "LOG") + "\n" }
	cursor, err := l.Copy(&b, after)
	testtools.Must(t, err)
	return gaps + b.String(), cursor
}

// The end of a file is lost after it was read: nothing is printed twice, later lines
// are printed, and the loss is reported.
func TestLostEnd(t *testing.T) {
	written := numbersFrom(100, 200) // 2000 bytes
	const line = len("line 100 of the log\n")
	size := len(written)
	zeros := strings.Repeat("\x00", 3*line)
	lost := fmt.Sprintf("gap: LOG has lost its end after it was read to byte %d, as in a power cut; ", size)
	for _, c := range []struct{ name, left, then, want, reread string }{
		{"shorter", written[:50*line], "", lost + "going on at byte 1000\n", lost + "printing all of it\n-- reread\n" + written[:50*line]},
		{"shorter, and lines since", written[:50*line] + "new\n", "", lost + "going on at byte 1004\n", lost + "printing all of it\n-- reread\n" + written[:50*line] + "new\n"},
		{"shorter, within a line", written[:50*line+7], "new\n", lost + "going on at byte 1007\nnew\n", ""},
		{"another end", written[:99*line] + "newer lines\nnew and newer\n", "", lost + "going on at byte 2006\n", ""},
		{"another end, longer", written[:90*line] + numbersFrom(200, 220), "", lost + "going on at byte 2000\n" + numbersFrom(210, 220), ""},
		{"zeros", written[:97*line] + zeros, "new\n", lost + "going on at byte 2000\nnew\n", lost + "going on at byte 2000\nnew\n"},
		{"zeros, and lines since", written[:97*line] + zeros + "new\n", "", lost + "going on at byte 2000\nnew\n", lost + "going on at byte 2000\nnew\n"},
		{"fewer zeros, and lines since", written[:90*line] + zeros + "new\n", "", lost + "going on at byte 1860\nnew\n", lost + "going on at byte 1860\nnew\n"},
		{"more zeros, and lines since", written[:90*line] + zeros + zeros + zeros + zeros + "new\n", "", lost + "going on at byte 2040\nnew\n", ""},
	} {
		for _, rotated := range []bool{false, true} {
			for reread, want := range map[bool]string{false: c.want, true: c.reread} {
				if want == "" {
					continue
				}
				t.Run(fmt.Sprintf("%s, rotated %v, reread %v", c.name, rotated, reread), func(t *testing.T) {
					l := Log{Path: t.TempDir() + "/q.log", Reread: reread}
					put(t, l.Path, written)
					_, cursor := pollOf(t, l, "")
					file := l.Path
					if rotated {
						file += ".1"
						want = strings.ReplaceAll(want, "LOG has", "LOG.1 has")
						testtools.Must(t, os.Rename(l.Path, file))
					}
					over(t, file, c.left)
					got, cursor := pollOf(t, l, cursor)
					testtools.Append(t, file, c.then)
					then, cursor := pollOf(t, l, cursor)
					expect(t, "printed", got+then, want)
					again, _ := pollOf(t, l, cursor)
					expect(t, "printed again", again, "")
				})
			}
		}
	}
}

// over makes text the content of a file that is there.
func over(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_TRUNC, 0)
	testtools.Must(t, err)
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// Copied and truncated while we read on behind the end of the copy.
func TestCopyEndsBefore(t *testing.T) {
	l := Log{Path: t.TempDir() + "/q.log"}
	put(t, l.Path, numbersFrom(100, 150))
	time.Sleep(20 * time.Millisecond) // a copy is younger; the clock of files ticks some 250 times a second
	put(t, l.Path+".1", numbersFrom(100, 150))
	testtools.Append(t, l.Path, numbersFrom(150, 160))
	got, cursor := pollOf(t, l, "")
	expect(t, "both", got, numbersFrom(100, 160))
	over(t, l.Path, "new\n")
	got, _ = pollOf(t, l, cursor)
	expect(t, "truncated", got, "new\n")
}

// A line of the output marks the place from which lines may have been printed before.
func TestReread(t *testing.T) {
	l := Log{Path: t.TempDir() + "/q.log", Reread: true}
	put(t, l.Path, "one\n")
	got, cursor := pollOf(t, l, "")
	expect(t, "the first poll", got, "-- reread\none\n")
	testtools.Append(t, l.Path, "two\n")
	got, cursor = pollOf(t, l, cursor)
	expect(t, "the second", got, "two\n")
	testtools.Must(t, os.Remove(l.Path))
	put(t, l.Path, "three\n")
	got, _ = pollOf(t, l, cursor)
	expect(t, "another file", got, "gap: the file of the cursor (read to byte 8) is gone or overwritten; printing all that is retained\n-- reread\nthree\n")
	got, _ = pollOf(t, l, "f2:damaged")
	expect(t, "a damaged cursor", got, "gap: not a cursor of this tool, or damaged; printing all that is retained\n-- reread\nthree\n")
}

// A file that begins like the lost one, and was read to no place of it, is no copy of it.
func TestNoCopy(t *testing.T) {
	l := Log{Path: t.TempDir() + "/q.log"}
	put(t, l.Path, numbersFrom(100, 300))
	_, cursor := pollOf(t, l, "")
	over(t, l.Path, "new\n")
	time.Sleep(20 * time.Millisecond)
	put(t, l.Path+".1", numbersFrom(100, 250)+numbersFrom(500, 600))
	got, _ := pollOf(t, l, cursor)
	if !strings.HasPrefix(got, "gap: ") || !strings.HasSuffix(got, "\nnew\n") {
		t.Errorf("%q", got)
	}
}
