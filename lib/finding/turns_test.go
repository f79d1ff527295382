package finding

import (
	"testing"
	"time"

	"egress-monitor/lib/sighting"
)

// TestTakeTurns: a host with many findings does not push those of others down,
// and troubles keep their place.
func TestTakeTurns(t *testing.T) {
	var all []Finding
	for range 20 {
		all = append(all, Finding{Kind: "direct-ipv4", surprise: 110, on: 0})
	}
	all = append(all, Finding{Kind: "direct-ipv4", What: "other", surprise: 80, on: 1}, Finding{Kind: "damaged", surprise: 100, on: 0})
	for i, f := range takeTurns(all, 5) {
		switch {
		case f.What == "other" && i >= 13:
			t.Errorf("the finding of another host is at %d", i)
		case f.Kind == "damaged" && i > 8:
			t.Errorf("the trouble is at %d", i)
		}
	}
}

// TestTakeTurnsOfKinds: what many hosts have does not push another kind down, and a
// host that floods a kind does not take the places of others.
func TestTakeTurnsOfKinds(t *testing.T) {
	var all []Finding
	for host := range 30 {
		all = append(all, Finding{Kind: "direct-ipv4", surprise: 90, on: host})
	}
	all = append(all, Finding{Kind: "rare-domain", What: "other", surprise: 80, on: 40})
	for i, f := range takeTurns(all, 5) {
		if f.What == "other" && i >= 13 {
			t.Errorf("the finding of another kind is at %d", i)
		}
	}
	all = nil
	for range 30 {
		all = append(all, Finding{Kind: "direct-ipv4", surprise: 90, on: 0})
	}
	all = append(all, Finding{Kind: "direct-ipv4", What: "other", surprise: 80, on: 1})
	for i, f := range takeTurns(all, 5) {
		if f.What == "other" && i >= 8 {
			t.Errorf("the finding of another host is at %d", i)
		}
	}
}

// TestJoined: hosts that were first pulled later than a time.
func TestJoined(t *testing.T) {
	j := judge{begins: []time.Time{present, present.Add(time.Hour), present.Add(time.Hour), present.Add(2 * time.Hour)}}
	for after, want := range map[time.Duration]int{-time.Hour: 4, 0: 3, time.Hour: 1, 3 * time.Hour: 0} {
		at := sighting.ParseStamp([]byte(present.Add(after).Format("20060102150405")))
		if n := j.joined(at); n != want {
			t.Errorf("%v: %d, want %d", after, n, want)
		}
	}
}
