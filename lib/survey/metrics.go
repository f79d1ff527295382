package survey

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"time"

	"egress-monitor/lib/truth"
)

// Metrics prints status in Prometheus's text format 0.0.4, for a file that
// node_exporter's textfile collector reads. Times are seconds since 1970; what is
// not known is left out.
func Metrics(w io.Writer, f *Facts, v *Verdict) error {
	m := &metrics{}
	m.family("enabled", "gauge", "Whether the monitor is on.")
	m.value("", bool01(f.Enabled))
	m.family("state", "gauge", "What check says: 0 OK, 1 warning, 2 critical, 3 unknown.")
	m.value("", int64(v.Severity()))
	m.family("problems", "gauge", "Problems that check tells of.")
	for _, s := range []Severity{Warning, Critical, NotKnown} {
		n := int64(0)
		for _, p := range v.Problems {
			if p.Severity == s {
				n++
			}
		}
		m.value(label("severity", map[Severity]string{Warning: "warning", Critical: "critical", NotKnown: "unknown"}[s]), n)
	}
	if f.Enabled {
		m.ways(f)
		m.files(f)
		m.family("gaps", "gauge", "Gaps of the last seven days.")
		if !f.outsider() {
			m.value("", int64(len(f.Gaps)))
		}
		m.family("logged_packets_total", "counter", "Packets that the LOG rules have logged since they were made.")
		for _, r := range f.Rules {
			if r.Present == Yes {
				m.value(label("family", r.Name), int64(r.Logged))
			}
		}
	}
	_, err := w.Write(m.text.Bytes())
	return err
}

func (m *metrics) ways(f *Facts) {
	names := []string{truth.Upstream}
	for _, way := range ways {
		names = append(names, way.name)
	}
	m.family("blind", "gauge", "Whether a way was not proved to see in the last minute.")
	for _, name := range names {
		if blind := f.blind(f.State.Way(name)); blind != Unknown {
			m.value(label("way", name), bool01(blind == Yes))
		}
	}
	m.family("proved_timestamp_seconds", "gauge", "When a way was last proved to see.")
	for _, name := range names {
		m.time(label("way", name), proved(f.State.Way(name).Good, f.Now))
	}
	m.family("minute_timestamp_seconds", "gauge", "When the last minute's work ended.")
	m.time("", proved(f.State.Minute, f.Now))
}

// proved returns the time of a moment by the clock of now; the zero time if at is
// zero.
func proved(at, now truth.Moment) time.Time {
	if at.Wall.IsZero() {
		return time.Time{}
	}
	return at.When(now)
}

func (m *metrics) files(f *Facts) {
	for _, kind := range []struct {
		name, help string
		of         func(*File) int64
	}{
		{"rows", "Rows of a file.", func(f *File) int64 { return int64(f.Rows) }},
		{"bytes", "Bytes of a file.", func(f *File) int64 { return f.Bytes }},
		{"rejected_rows", "Damaged rows that were set aside.", func(f *File) int64 { return int64(f.Rejected) }},
		{"future_rows", "Rows whose time is ahead of the clock.", func(f *File) int64 { return int64(f.Future) }},
		{"folded_rows", "Rows that stand for names or addresses which had no room.", func(f *File) int64 { return int64(f.Wide) }},
		{"overflowed_names", "Names that led to more addresses than are kept.", func(f *File) int64 { return int64(f.Overflowed) }},
	} {
		m.family(kind.name, "gauge", kind.help)
		for _, name := range []string{Domains, IPs} {
			if file := f.File(name); file.State == Read {
				m.value(label("file", name), kind.of(file))
			}
		}
	}
	m.family("poll_timestamp_seconds", "gauge", "When a poll last committed.")
	for _, name := range []string{Domains, IPs} {
		m.time(label("file", name), f.File(name).Poll)
	}
}

// metrics builds the text.
type metrics struct {
	text bytes.Buffer
	name string
}

// family begins a metric, which may have several values.
func (m *metrics) family(name, kind, help string) {
	m.name = "egress_monitor_" + name
	fmt.Fprintf(&m.text, "# HELP %s %s\n# TYPE %s %s\n", m.name, help, m.name, kind)
}

func (m *metrics) value(labels string, v int64) {
	m.text.WriteString(m.name + labels + " " + strconv.FormatInt(v, 10) + "\n")
}

func (m *metrics) time(labels string, t time.Time) {
	if !t.IsZero() {
		m.value(labels, t.Unix())
	}
}

func label(name, value string) string { return "{" + name + "=" + strconv.Quote(value) + "}" }

func bool01(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
