package finding

import "testing"

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
