package stamp

import (
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// Every form of a stamp, at 2026-11-23T08:05:00Z unless another time is given,
// as Europe/Berlin reads it. A bar is where the stamp ends.
var forms = []struct {
	text string
	form Form
	at   string
}{
	{"1795421100.980088| vm", Epoch, ""},
	{"1795421100.9| vm", Epoch, ""},
	{"2026-11-23T08:05:00.980088+00:00| vm", Exact, ""},
	{"2026-11-23T08:05:00Z| vm", Exact, ""},
	{"2026-11-23t08:05:00z| vm", Exact, ""},
	{"2026-11-23T09:05:00+0100| vm", Exact, ""},
	{"2026-11-23T09:05:00+01| vm", Exact, ""},
	{"2026-11-23T02:35:00-05:30| vm", Exact, ""},
	{"2026-11-23T08:05:00.123456789Z| vm", Exact, ""},
	{"2026-11-23T08:05:00,030707+00:00| vm", Exact, ""},
	{"2026-11-23 08:05:00 +0000| vm", Exact, ""},
	{"2026-11-23 08:05:00+00:00| vm", Exact, ""},
	{"2026-11-23 08:05:00 UTC| vm", Exact, ""},
	{"2026-11-23 09:05:00 CET| vm", Exact, ""},
	{"2026-11-23 03:05:00.5 EST| vm", Exact, ""},
	{"2026-11-23T09:05:00| vm", Dated, ""},
	{"2026-11-23 09:05:00| vm", Dated, ""},
	{"2026-11-23  09:05:00.980| vm", Dated, ""},
	{"2026/11/23 09:05:00| vm", Dated, ""},
	{"Mon 2026-11-23 08:05:00 UTC| vm", Exact, ""},
	{"Mon 2026-11-23 08:05:00.980088 UTC| [s=", Exact, ""},
	{"Mo 2026-11-23 09:05:00 CET| vm", Exact, ""},
	{"Mon 2026-11-23 03:05:00 EST| vm", Exact, ""},
	{"Mon 2026-11-23 11:05:00 +03| vm", Exact, ""},
	{"Sun 2026-10-25 02:30:00 CEST| vm", Exact, "2026-10-25T00:30:00Z"},
	{"Sun 2026-10-25 02:30:00 CET| vm", Exact, "2026-10-25T01:30:00Z"},
	{"Nov 23 09:05:00| vm", Undated, ""},
	{"Nov  3 09:05:00| vm", Undated, "2026-11-03T08:05:00Z"},
	{"Nov 3 09:05:00| vm", Undated, "2026-11-03T08:05:00Z"},
	{"Nov 03 9:05:00| vm", Undated, "2026-11-03T08:05:00Z"},
	{"Nov 23 09:05:00.980088| vm", Undated, ""},
	{"Nov 23 09:05:00,980| vm", Undated, ""},
	{"Nov 23 08:05:00 UTC| vm", Undated, ""},
	{"Nov 23 03:05:00.123 EST| vm", Undated, ""},
	{"Nov 23 10:05:00+02:00| vm", Undated, ""},
	{"November 23 09:05:00| vm", Undated, ""},
	{"Mon Nov 23 09:05:00| vm", Undated, ""},
	{"Mon, Nov 23 09:05:00| vm", Undated, ""},
	{"Mon Nov 23 09:05:00 2026| kern.warn", Dated, ""},
	{"Mon Nov  2 09:05:00 2026|] x", Dated, "2026-11-02T08:05:00Z"},
	{"Mon Nov 23 09:05:00.5 2026| kern.warn", Dated, ""},
	{"Mon Nov 23 08:05:00 UTC 2026| vm", Exact, ""},
	{"Mon Nov 23 09:05:00 CET 2026| vm", Exact, ""},
	{"Nov 23 2026 09:05:00| vm", Dated, ""},
	{"Nov 23, 2026 09:05:00| vm", Dated, ""},
	{"Nov 23 09:05:00 2026| vm", Dated, ""},
	{"2026 Nov 23 09:05:00| vm", Dated, ""},
	{"23 Nov 2026 09:05:00| vm", Dated, ""},
	{"23 Nov 09:05:00| vm", Undated, ""},
	{"23-Nov-2026 09:05:00.123| vm", Dated, ""},
	{"23/Nov/2026:08:05:00 +0000| vm", Exact, ""},
	{"Mon, 23 Nov 2026 08:05:00 GMT| vm", Exact, ""},
	{"2016-12-31T23:59:60Z| vm", Exact, "2017-01-01T00:00:00Z"},
	{"Jan  1 00:59:60| vm", Undated, "2026-01-01T00:00:00Z"},
	{"2026-11-23_08:05:00.12345| daemon.info:", Exact, ""}, // svlogd -tt
	{"2026-11-23T08:05:00.12345| daemon.info:", Exact, ""}, // svlogd -ttt
	{"2026-11-23T09:05:00.123456| vm", Dated, ""},
	{"23.11.2026 09:05:00| vm", Dated, ""},
	{"23.11.26, 09:05:00| vm", Dated, ""},
	{"Nov\t23\t09:05:00|\tvm", Undated, ""},
	{"Nov 23 09:05:00 AM| vm", Undated, ""},
	{"11.11.2026 09:05:00 PM| vm", Dated, "2026-11-11T20:05:00Z"},
	{"Mon 23 Nov 2026 12:05:00 AM UTC| vm", Exact, "2026-11-23T00:05:00Z"},
	{"Nov 23 09:05:00| pm x", Undated, ""}, // a host
	// other languages
	{"Okt 31 09:05:00| vm", Undated, "2026-10-31T08:05:00Z"},
	{"Mär  3 09:05:00| vm", Undated, "2026-03-03T08:05:00Z"},
	{"Mo Okt 26 09:05:00 2026| vm", Dated, "2026-10-26T08:05:00Z"},
	{"oct. 31 09:05:00| vm", Undated, "2026-10-31T08:05:00Z"},
	{"févr.  3 09:05:00| vm", Undated, "2026-02-03T08:05:00Z"},
	{"mar. nov. 24 09:05:00 2026| vm", Dated, "2026-11-24T08:05:00Z"}, // a Tuesday
	{"mars 24 09:05:00| vm", Undated, "2026-03-24T08:05:00Z"},
	{"ноя 23 09:05:00| vm", Undated, ""},
	{"11月 23 09:05:00| vm", Undated, ""},
	{"11월 23 09:05:00| vm", Undated, ""},
	{"kas 23 09:05:00| vm", Undated, ""},
	{"dic  3 09:05:00| vm", Undated, "2025-12-03T08:05:00Z"},
}

func TestRead(t *testing.T) {
	for _, f := range forms {
		clock := Clock{Location: testtools.Zone(t, "Europe/Berlin"), Now: testtools.Time(t, "2026-11-23T12:00:00Z")}
		stampText, _, _ := strings.Cut(f.text, "|")
		want := f.at
		if want == "" {
			want = "2026-11-23T08:05:00Z"
		}
		s, err := clock.Read([]byte(strings.Replace(f.text, "|", "", 1)))
		if err != nil || s.Unix != testtools.Time(t, want).Unix() || s.Len != len(stampText) || s.Form != f.form {
			t.Errorf("%s: got %v, %d bytes, form %d, %v", f.text, time.Unix(s.Unix, 0).UTC(), s.Len, s.Form, err)
		}
	}
}

func TestReadNone(t *testing.T) {
	for text, want := range map[string]error{
		"": ErrNone, "x": ErrNone, "Nov": ErrNone, "Nov 23": ErrNone, "Nov 23 08:05": ErrNone, "Nov 23 08:05:0": ErrNone, "Foo 23 08:05:00": ErrNone,
		"23": ErrNone, "2026": ErrNone, "2026-11-23": ErrNone, "2026-11-23T": ErrNone, "20261123T080500Z": ErrNone, "1795421100": ErrNone, "1795421100.": ErrNone,
		"192.0.2.1 - - [23/Nov/2026:08:05:00 +0000]": ErrNone, "[Mon Nov 23 08:05:00 2026]": ErrNone, "08:05:00": ErrNone, "10.0.0.1 Nov 23": ErrNone, "23.11 08:05:00": ErrNone, "11/23/2026 08:05:00": ErrNone, "\xff\xfe": ErrNone,
		"Nov 31 08:05:00": ErrTime, "Nov 23 24:05:00": ErrTime, "2026-02-29T08:05:00Z": ErrTime, "2026-13-01 08:05:00": ErrTime, "Nov 23 08:60:00": ErrTime, "Nov 23 08:05:61": ErrTime,
		"Mon 2026-11-23 08:05:00 IST vm": ErrZone, "Mon 2026-11-23 08:05:00 XYZ vm": ErrZone, "2026-11-23 08:05:00 CST vm": ErrZone, "Nov 23 08:05:00 PST vm": ErrZone, "Nov 23 08:05:00 BST vm": ErrZone,
	} {
		clock := Clock{Location: time.UTC, Now: testtools.Time(t, "2026-11-23T12:00:00Z")}
		if s, err := clock.Read([]byte(text)); err != want {
			t.Errorf("%q: got %v %v, want %v", text, s, err, want)
		}
	}
}

// An abbreviation with several meanings is read as in the zone of the Clock.
func TestReadOwnZone(t *testing.T) {
	for name, want := range map[string]string{"Asia/Kolkata": "2026-11-23T02:35:00Z", "Asia/Jerusalem": "2026-11-23T06:05:00Z"} {
		clock := Clock{Location: testtools.Zone(t, name), Now: testtools.Time(t, "2026-11-23T12:00:00Z")}
		if s, err := clock.Read([]byte("Mon 2026-11-23 08:05:00 IST vm")); err != nil || s.Unix != testtools.Time(t, want).Unix() {
			t.Errorf("%s: got %v, %v", name, time.Unix(s.Unix, 0).UTC(), err)
		}
	}
}

// The hour that comes twice, in forms with a year and without.
func TestReadDoubleHour(t *testing.T) {
	clock := Clock{Location: testtools.Zone(t, "Europe/Berlin"), Now: testtools.Time(t, "2026-11-01T00:00:00Z")}
	for _, c := range []struct{ text, want string }{
		{"2026-10-25 02:50:00 vm", "2026-10-25T00:50:00Z"},
		{"2026-10-25 02:20:00 vm", "2026-10-25T01:20:00Z"},
		{"Sun Oct 25 02:25:00 2026 vm", "2026-10-25T01:25:00Z"},
		{"Oct 25 02:30:00.5 vm", "2026-10-25T01:30:00Z"},
	} {
		if s, err := clock.Read([]byte(c.text)); err != nil || s.Unix != testtools.Time(t, c.want).Unix() {
			t.Errorf("%s: got %v, %v", c.text, time.Unix(s.Unix, 0).UTC(), err)
		}
	}
}

// Each kind of doubt is told once.
func TestDoubt(t *testing.T) {
	for _, c := range []struct {
		lines, want string
	}{
		{"Nov 23 08:05:30|Nov 23 08:06:00", ""},
		{"Nov 23 08:04:00|Nov 23 08:07:00|Nov 23 08:09:00", "the time is 2m0s after now (read as 2026-11-23T08:07:00Z): check the clock of the sender and its zone (TZ, --utc)"},
		{"Nov 24 09:00:00|Nov 23 08:00:00|Nov 24 10:00:00", "the time jumps by 363 days (read as 2026-11-23T08:00:00Z): check the year (--now) and the clock of the sender"},
		{"Jan  1 00:00:00|Nov 23 08:00:00", ""},
		{"Feb 29 08:05:00|Feb 29 08:06:00", "a February 29 without a year (read as 2024-02-29T08:05:00Z, the last there was): lines near it may be of the same year (--now)"},
		{"lip 23 08:05:00|lip 23 08:06:00", "the name of the month means another one in Croatian (read as 2026-07-23T08:05:00Z): print the log with LC_ALL=C"},
		{"2026-11-23T08:07:00Z|1795422100.980088", "the time is 2m0s after now (read as 2026-11-23T08:07:00Z): check the clock of the sender and its zone (TZ, --utc)"},
	} {
		var said []string
		clock := Clock{Location: time.UTC, Now: testtools.Time(t, "2026-11-23T08:05:00Z"), Doubt: func(d Doubt) { said = append(said, d.String()) }}
		for text := range strings.SplitSeq(c.lines, "|") {
			if _, ok := clock.Unix([]byte(text)); !ok {
				clock.Read([]byte(text))
			}
		}
		if got := strings.Join(said, "|"); got != c.want {
			t.Errorf("%s: got %s", c.lines, got)
		}
	}
}

// If TZ is empty, the first stamp without a zone is doubted, and no other.
func TestEmptyTZ(t *testing.T) {
	for _, c := range []struct {
		tz    string
		utc   bool
		lines string
		want  string // the stamp that is doubted
	}{
		{"", false, "1795421100.980088|2026-11-23T08:05:00Z|Nov 23 08:05:00 UTC|Mon 2026-11-23 03:05:00 EST|Nov 23 08:04:00|Nov 23 08:05:00", "2026-11-23T08:04:00Z"},
		{"", false, "Nov 23 08:05:00 UTC|Nov 23 08:04:00.5|Nov 23 08:05:00.5", "2026-11-23T08:04:00Z"},
		{"", false, "Mon 2026-11-23 03:05:00 EST|2026-11-23 08:04:00|2026-11-23 08:05:00", "2026-11-23T08:04:00Z"},
		{"", true, "Nov 23 08:05:00|2026-11-23 08:05:00", ""},
		{":", false, "Nov 23 08:05:00|2026-11-23 08:05:00", ""},
		{"UTC", false, "Nov 23 08:05:00|2026-11-23 08:05:00", ""},
	} {
		t.Setenv("TZ", c.tz)
		clock, err := New(testtools.Time(t, "2026-11-23T12:00:00Z"), c.utc)
		testtools.Must(t, err)
		got := ""
		clock.Doubt = func(d Doubt) { got += d.String() }
		for text := range strings.SplitSeq(c.lines, "|") {
			_, err := clock.Read([]byte(text + " vm"))
			testtools.Must(t, err)
		}
		want := c.want
		if want != "" {
			want = "TZ is set but empty, so times without a zone are read as UTC (this one as " + want + "): set TZ to the zone of the log, or give --utc"
		}
		if got != want {
			t.Errorf("TZ=%s, utc %v, %s: got %s", c.tz, c.utc, c.lines, got)
		}
	}
}

// Words after a stamp that may be a part of it, or hosts.
var words = []string{"vm", "VM", "Vm", "V1", "z", "Z", "Z1", "UTC", "CET", "CST", "AM", "PM", "Am", "2026", "2026x", "192.0.2.1", "+0100", "+01", "[1]", "<4>", "é", "", " vm", "a"}

// Read gives the same for usual stamps as any does.
func TestUsual(t *testing.T) {
	texts := []string{"Oct 25 02:50:00", "Nov 23 08:05: 1", "Nov 23 08: 5:01", "Nov 23  8:05:01", "Nov 23 08:05:60", "Nov 31 08:05:00", "Feb 29 08:05:00", "Lip 23 08:05:00", "Nov 24 08:05:00",
		"2026-11-23T08:05:60Z", "2026-11-31T08:05:00Z", "2026-11-23T08:05:00.12345", "2026-11-23T08:05:00.98+00:00", "2026-11-23T08:05:00.123456789Z", "2026-11-23T08:05:00.1234567+01:00", "2026-11-23T08:05:00.123456+00:00", "2026-11-23T08:05:00,5+00:00", "2026-11-23t08:05:00Z", "2026-11-23T08:05:00+2400", "2026-11-24T08:05:00Z"}
	for _, f := range forms {
		text, _, _ := strings.Cut(f.text, "|")
		texts = append(texts, text)
	}
	for _, text := range texts {
		for _, word := range words {
			for _, blank := range []string{" ", ""} {
				checkUsual(t, []byte(text+blank+word))
			}
		}
	}
}

func checkUsual(t *testing.T, b []byte) {
	berlin := testtools.Zone(t, "Europe/Berlin")
	type answer struct {
		Stamp
		err  error
		last int64
		said string
	}
	read := func(read func(c *Clock) (Stamp, error)) (a answer) {
		clock := Clock{Location: berlin, Now: time.Unix(1795421100, 0), Doubt: func(d Doubt) { a.said += d.String() }}
		if a.Stamp, a.err = read(&clock); a.err != nil {
			return answer{err: a.err}
		}
		a.last = clock.Last
		return a
	}
	got, want := read(func(c *Clock) (Stamp, error) { return c.Read(b) }), read(func(c *Clock) (Stamp, error) { return c.any(b) })
	if got != want {
		t.Errorf("%q: %v, want %v", b, got, want)
	}
}

// Whatever comes: no panic, a length inside of it, and the fast ways agree.
func FuzzRead(f *testing.F) {
	for _, form := range forms {
		f.Add([]byte(strings.Replace(form.text, "|", "", 1)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		clock := Clock{Location: time.UTC, Now: time.Unix(1795421100, 0)}
		s, err := clock.Read(b)
		if err == nil && (s.Len <= 0 || s.Len > len(b)) {
			t.Fatalf("%q: %d bytes", b, s.Len)
		}
		checkUsual(t, b)
		fast := Clock{Location: time.UTC, Now: time.Unix(1795421100, 0)}
		if unix, ok := fast.Unix(b); ok && s.Form == Undated && s.Len == Len && (err != nil || s.Unix != unix) {
			t.Fatalf("%q: %d and %d, %v", b, s.Unix, unix, err)
		}
	})
}
