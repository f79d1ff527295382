package minute

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"egress-monitor/lib/child"
	"egress-monitor/lib/flood"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/truth"
)

// Rows that were folded for want of room stay folded, and the file does not tell
// since when. So the time at which they were first seen is kept in a file of its
// own.
const fullMark = layout.Admin + "/full-" // and the last name of the file

// often is the size in bytes up to which a file is read each minute. To read a
// larger one takes milliseconds; it is read every ten minutes.
const often = 4 << 20

// noteFull puts into the state since when each file holds folded rows.
func (m *machine) noteFull(s *truth.State) {
	for _, name := range []string{m.settings.Domains(), m.settings.IPs()} {
		base := filepath.Base(name)
		since, full, known := fullSince(name, fullMark+base)
		if !known {
			continue
		}
		if s.Full == nil {
			s.Full = map[string]time.Time{}
		}
		if delete(s.Full, base); full {
			s.Full[base] = since
		}
	}
}

// fullSince reads a file, and returns since when it holds folded rows. known is
// false if it could not be read, or is large and not its turn.
func fullSince(name, mark string) (since time.Time, full, known bool) {
	f, err := child.OpenAsPoller(name)
	if errors.Is(err, fs.ErrNotExist) {
		os.Remove(mark) // a file that was set aside is no longer full
		return since, false, true
	}
	if err != nil {
		return since, false, false // the survey reports that it cannot be read
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > often && time.Now().Minute()%10 != 0 {
		return since, false, false
	}
	report, err := flood.Read(f, name)
	if err != nil {
		return since, false, false
	}
	if !report.Seen() {
		os.Remove(mark)
		return since, false, true
	}
	return firstSeen(mark), true, true
}

// firstSeen returns the time in the mark, which it makes if there is none.
func firstSeen(mark string) time.Time {
	text, err := os.ReadFile(mark)
	if err == nil {
		if t, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text))); err == nil {
			return t
		}
	}
	now := time.Now().UTC().Truncate(time.Second)
	renameio.WriteFile(mark, []byte(now.Format(time.RFC3339)+"\n"), 0o600) // if it fails, the next minute tries again
	return now
}
