package said

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/gaps"
	"egress-monitor/lib/testtools"
)

// Lines reach the journal in its own form; those that tell of a loss the file of
// gaps, too.
func TestLine(t *testing.T) {
	dir := t.TempDir()
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(dir, "socket")})
	testtools.Must(t, err)
	defer socket.Close()
	at := time.Date(2026, 2, 8, 21, 30, 0, 0, time.UTC)
	l := &Log{Gaps: gaps.File(filepath.Join(dir, "gaps")), Journal: filepath.Join(dir, "socket"), Now: func() time.Time { return at }}
	l.Line("healed:%s", "\nrules\n")
	l.Lines([]byte("egress-ips: gap: 3 lost\nnothing\x1b\n"))
	buf := make([]byte, 1000)
	for _, want := range []string{"PRIORITY=6*MESSAGE\n\x0e\x00\x00\x00\x00\x00\x00\x00healed:; rules\n", "PRIORITY=4*egress-ips: gap: 3 lost\n", "PRIORITY=6*nothing?\n"} {
		n, err := socket.Read(buf)
		testtools.Must(t, err)
		got := string(buf[:n])
		head, tail, _ := strings.Cut(want, "*")
		if !strings.HasPrefix(got, "SYSLOG_IDENTIFIER=egress-monitor\n"+head+"\n") || !strings.HasSuffix(got, tail) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	// A journald that does not read is not waited for: the line goes elsewhere.
	for range 600 { // more than net.unix.max_dgram_qlen
		if send(l.Journal, "x") != nil {
			break
		}
	}
	if send(l.Journal, "x") == nil {
		t.Error("a socket without an end")
	}
	list, err := l.Gaps.All()
	if err != nil || len(list) != 1 || list[0] != (gaps.Gap{At: at, Text: "egress-ips: gap: 3 lost"}) {
		t.Errorf("%v, %v", list, err)
	}
}
