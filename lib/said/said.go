// Package said takes all messages of the root side. They go to the journal or to
// standard error, and those about gaps also to the file of gaps.
package said

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"egress-monitor/lib/child"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/gaps"
	"egress-monitor/lib/layout"
)

// A Log writes messages.
type Log struct {
	Gaps    gaps.File // where gaps are kept
	Journal string    // journald's socket; empty: lines go to standard error
	Now     func() time.Time

	lock sync.Mutex
}

// JournalSocket is where journald takes lines in its native form
// (systemd.journal-fields(7), "Journal Native Protocol").
const JournalSocket = "/run/systemd/journal/socket"

// New returns a log that writes to the journal, or else to standard error.
func New(journal bool) *Log {
	l := &Log{Gaps: layout.Gaps, Now: time.Now}
	if journal {
		l.Journal = JournalSocket
	}
	return l
}

// Line writes one message, as one line also if it is several errors that were joined.
func (l *Log) Line(format string, args ...any) {
	text := strings.TrimRight(fmt.Sprintf(format, args...), "\n")
	text = child.Clean(strings.ReplaceAll(text, "\n", "; "))
	l.lock.Lock()
	defer l.lock.Unlock()
	if gaps.Tells(text) {
		if err := l.Gaps.Add(gaps.Gap{At: l.Now(), Text: text}); err != nil {
			l.out(fmt.Sprintf("%s; the line before is not in status", err))
		}
	}
	l.out(text)
}

// Lines writes each line that a program has printed.
func (l *Log) Lines(text []byte) {
	for line := range strings.Lines(string(text)) {
		l.Line("%s", line)
	}
}

// out writes a line; to standard error, and so to cron's mail, if journald does not
// take it.
func (l *Log) out(text string) {
	if l.Journal == "" || send(l.Journal, text) != nil {
		cli.Warn("%s", text)
	}
}

// send gives journald one entry. journald adds the sender's identity by itself.
func send(socket, text string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: socket})
	if err != nil {
		return err
	}
	defer conn.Close()
	// A journald that hangs lets its queue fill, and must not hold up the minute.
	if err := conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	priority := "6" // informational
	if strings.Contains(text, "gap") || strings.Contains(text, "cannot") {
		priority = "4" // warning
	}
	entry := []byte("SYSLOG_IDENTIFIER=" + layout.Identifier + "\nPRIORITY=" + priority + "\nSYSLOG_PID=" + fmt.Sprint(os.Getpid()) + "\nMESSAGE\n")
	entry = binary.LittleEndian.AppendUint64(entry, uint64(len(text)))
	entry = append(append(entry, text...), '\n')
	_, err = conn.Write(entry)
	return err
}
