package stamp

import (
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

func TestYear(t *testing.T) {
	for _, c := range []struct{ stamp, now, want string }{
		{"Nov 23 08:05:00", "2026-11-23T08:05:00Z", "2026-11-23T08:05:00Z"},
		{"Nov 23 08:05:01", "2026-11-23T08:05:00Z", "2026-11-23T08:05:01Z"}, // a second after now
		{"Nov 24 08:05:00", "2026-11-23T08:05:00Z", "2026-11-24T08:05:00Z"}, // a day after it
		{"Nov 24 08:05:01", "2026-11-23T08:05:00Z", "2025-11-24T08:05:01Z"},
		{"Jan  1 00:02:00", "2026-12-31T23:59:00Z", "2027-01-01T00:02:00Z"},
		{"Dec 31 23:59:59", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z"},
		{"Jan  1 00:00:00", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"},
		{"Jan 01 00:00:00", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"}, // journalctl
		{"Feb 29 12:00:00", "2026-11-23T08:05:00Z", "2024-02-29T12:00:00Z"},
		{"Feb 29 12:00:00", "2024-02-28T11:59:59Z", "2020-02-29T12:00:00Z"},
		{"Feb 29 12:00:00", "2103-01-01T00:00:00Z", "2096-02-29T12:00:00Z"},
		{"Feb 29 12:00:00", "2104-02-28T11:00:00Z", "2096-02-29T12:00:00Z"},
	} {
		clock := Clock{Location: time.UTC, Now: testtools.Time(t, c.now)}
		got, ok := clock.Unix([]byte(c.stamp + " vm"))
		if want := testtools.Time(t, c.want).Unix(); !ok || got != want {
			t.Errorf("%s at %s: got %v %v, want %s", c.stamp, c.now, time.Unix(got, 0).UTC(), ok, c.want)
		}
	}
}

// The minute that is cached must not decide the year of a later second.
func TestYearInsideOneMinute(t *testing.T) {
	clock := Clock{Location: time.UTC, Now: testtools.Time(t, "2026-11-23T08:05:30Z")}
	for _, c := range []struct{ stamp, want string }{
		{"Nov 24 08:05:10", "2026-11-24T08:05:10Z"},
		{"Nov 24 08:05:31", "2025-11-24T08:05:31Z"},
		{"Nov 24 08:05:29", "2026-11-24T08:05:29Z"},
	} {
		if got, ok := clock.Unix([]byte(c.stamp)); !ok || got != testtools.Time(t, c.want).Unix() {
			t.Errorf("%s: got %v, want %s", c.stamp, time.Unix(got, 0).UTC(), c.want)
		}
	}
}

func TestDoubleHour(t *testing.T) {
	type step struct{ stamp, want string }
	for _, c := range []struct {
		name, zone, now string
		last            int64
		steps           []step
	}{
		{"an hour twice, and back to order", "Europe/Berlin", "2026-11-01T00:00:00Z", 0, []step{
			{"Oct 25 01:59:59", "2026-10-24T23:59:59Z"},
			{"Oct 25 02:00:00", "2026-10-25T00:00:00Z"},
			{"Oct 25 02:30:00", "2026-10-25T00:30:00Z"},
			{"Oct 25 02:29:58", "2026-10-25T00:29:58Z"}, // two threads
			{"Oct 25 02:59:59", "2026-10-25T00:59:59Z"},
			{"Oct 25 02:00:00", "2026-10-25T01:00:00Z"}, // set back
			{"Oct 25 02:30:00", "2026-10-25T01:30:00Z"},
			{"Oct 25 03:00:00", "2026-10-25T02:00:00Z"},
		}},
		{"the second hour has not come yet", "Europe/Berlin", "2026-10-25T00:45:00Z", 0, []step{
			{"Oct 25 02:40:00", "2026-10-25T00:40:00Z"},
			{"Oct 25 02:10:00", "2026-10-25T00:10:00Z"},
		}},
		{"the run before had come to the second hour", "America/New_York", "2026-11-02T00:00:00Z",
			time.Date(2026, 11, 1, 6, 10, 0, 0, time.UTC).Unix(), []step{
				{"Nov  1 01:20:00", "2026-11-01T06:20:00Z"},
			}},
		{"half an hour twice", "Australia/Lord_Howe", "2026-05-01T00:00:00Z", 0, []step{
			{"Apr  5 01:45:00", "2026-04-04T14:45:00Z"},
			{"Apr  5 01:31:00", "2026-04-04T15:01:00Z"},
		}},
	} {
		clock := Clock{Location: testtools.Zone(t, c.zone), Now: testtools.Time(t, c.now), Last: c.last}
		for _, s := range c.steps {
			if got, ok := clock.Unix([]byte(s.stamp)); !ok || got != testtools.Time(t, s.want).Unix() {
				t.Errorf("%s: %s: got %v, want %s", c.name, s.stamp, time.Unix(got, 0).UTC(), s.want)
			}
		}
	}
}

func TestNotAStamp(t *testing.T) {
	for _, s := range []string{
		"", "Nov 23 08:05:0", "Nov 23 08:05-00", "Nov 23 08:05:60", "Nov 23 08:60:00", "Nov 23 24:00:00",
		"Nov 31 08:05:00", "Feb 30 08:05:00", "Nov  0 08:05:00", "nov 23 08:05:00", "Nov-23 08:05:00",
		"Nov 23T08:05:00", "Nov 23 08.05:00", "Nov 2x 08:05:00", "Nov 23 0x:05:00", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00:00",
	} {
		clock := Clock{Location: time.UTC, Now: testtools.Time(t, "2026-11-23T08:05:00Z")}
		for range 2 { // the second time from the cache
			if got, ok := clock.Unix([]byte(s)); ok {
				t.Errorf("%q: got %v, want none", s, time.Unix(got, 0).UTC())
			}
		}
	}
}

func TestWallClock(t *testing.T) {
	var clock Clock
	now := time.Now().Truncate(time.Second)
	if got, ok := clock.Unix([]byte(now.Format(time.Stamp))); !ok || got != now.Unix() {
		t.Errorf("got %v, want %v", time.Unix(got, 0), now)
	}
}

// Whatever the time and the zone, a stamp is read as what it was printed from,
// as long as it is less than a year old and in an hour that came once.
func FuzzStamp(f *testing.F) {
	f.Add(int64(1795421100), int64(0), uint8(0))
	f.Add(int64(1792890000), int64(3600), uint8(1))
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"}
	f.Fuzz(func(t *testing.T, unix, age int64, z uint8) {
		if unix < 0 || unix > 1<<32 || age < 0 || age > 364*86400 {
			return
		}
		loc := testtools.Zone(t, zones[int(z)%len(zones)])
		u := time.Unix(unix, 0).In(loc)
		clock := Clock{Location: loc, Now: u.Add(time.Duration(age) * time.Second)}
		got, ok := clock.Unix([]byte(u.Format(time.Stamp)))
		if first, second := instants(u); !ok || got != first && got != second || first == second && got != unix {
			t.Errorf("%v: got %v", u, time.Unix(got, 0).In(loc))
		}
	})
}

func BenchmarkUnix(b *testing.B) {
	clock := Clock{Location: time.UTC, Now: time.Unix(1795421160, 0)}
	line := []byte("Nov 23 08:05:00 vm kernel:")
	for b.Loop() {
		clock.Unix(line)
	}
}
