package minute

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/systemd"
)

// rotate runs logrotate with our file once the query log has the size that the file
// gives. Without a size there, it runs logrotate each minute, which decides.
func (m *machine) rotate() error {
	text, err := os.ReadFile(layout.Rotation)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the admin removed it
	}
	if err != nil {
		return err
	}
	info, err := os.Lstat(m.settings.DNSMasqLog)
	if err != nil || info.Size() < rotationSize(string(text)) || systemsAtWork() {
		return nil
	}
	return child.Command("logrotate", "--state", layout.Run+"/logrotate.state", layout.Rotation).Within(10 * time.Minute).Run(context.Background())
}

// systemsAtWork reports whether the system's logrotate, which reads the same
// file, is at work.
func systemsAtWork() bool {
	state, _ := systemd.Ask("logrotate.service", "ActiveState")
	return state == "activating"
}

// rotationSize returns the smallest size in a file of logrotate's (size 64M), in
// bytes; 0 if there is none, or one that cannot be parsed.
func rotationSize(text string) (smallest int64) {
	for line := range strings.Lines(text) {
		f := strings.FieldsFunc(line, func(c rune) bool { return c == ' ' || c == '\t' || c == '=' || c == '\n' })
		if len(f) < 2 || f[0] != "size" && f[0] != "minsize" && f[0] != "maxsize" {
			continue
		}
		n, ok := bytesOf(f[1])
		if !ok {
			return 0
		}
		if smallest == 0 || n < smallest {
			smallest = n
		}
	}
	return smallest
}

// bytesOf parses a number with logrotate's units k, M and G.
func bytesOf(text string) (int64, bool) {
	unit := int64(1)
	if i := strings.IndexAny(text, "kMG"); i >= 0 && i == len(text)-1 {
		unit = map[byte]int64{'k': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}[text[i]]
		text = text[:i]
	}
	n, err := strconv.ParseInt(text, 10, 40)
	return n * unit, err == nil && n >= 0
}
