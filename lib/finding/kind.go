package finding

import (
	"slices"

	"egress-monitor/lib/fleet"
)

// kinds holds how the things of each kind are judged.
var kinds = [fleet.Kinds]struct {
	name, title string // in JSON and as a label, and for people
	base        int    // the weight before any fact
	alone       int    // up to this number they have a line each, more are one finding
	ordinary    bool   // its nature tells little: a line must have another fact
}{
	fleet.Watched:     {"watched", "on a watch-list", 600, 5, false},
	fleet.Bypass:      {"resolver-address", "resolver, by address", 50, 0, false},
	fleet.Direct6:     {"direct-ipv6", "direct, IPv6", 50, 3, true},
	fleet.Direct4:     {"direct-ipv4", "direct", 50, 3, true},
	fleet.Many:        {"many-names", "many names", 55, 5, false},
	fleet.Spread:      {"spread-addresses", "spread addresses", 55, 5, false},
	fleet.Domain:      {"rare-domain", "rare domain", 45, 3, true},
	fleet.Unanswered:  {"unanswered-domain", "domain, unanswered", 40, 3, false},
	fleet.Resolver:    {"resolver-name", "resolver, by name", 35, 3, false},
	fleet.Name:        {"rare-name", "rare name", 25, 1, true},
	fleet.Odd:         {"odd-for-role", "new for its role", 25, 1, true},
	fleet.DirectKnown: {"direct-known", "direct, known elsewhere", 20, 1, true},
	fleet.Internal:    {"own-network", "own network", 20, 1, true},
	fleet.Grown:       {"grown", "far more often", 45, 3, false},
	fleet.Folded:      {"folded-network", "network, folded", 25, 1, false},
	fleet.Lookup:      {"address-lookups", "address look-ups", 10, 1, false},
	fleet.Reverse:     {"reverse-lookups", "reverse look-up", 20, 0, false},
}

type trouble struct {
	name string
	base int
}

// troubles come first in the list: because of them the rest may be incomplete.
var troubles = [fleet.Troubles]trouble{
	fleet.Blind: {"blind", 500}, fleet.Reset: {"reset", 495}, fleet.Failed: {"failed", 490}, fleet.Late: {"late", 485},
	fleet.Future: {"future", 480}, fleet.Flooded: {"flooded", 475}, fleet.Damaged: {"damaged", 470}, fleet.Quiet: {"quiet", 465},
}

const newInFleet = "new-in-fleet"

// extra are kinds that are neither troubles nor things of a single host.
var extra = []string{newInFleet}

// Kinds returns all names of kinds, for a schema and for metrics.
func Kinds() (names []string) {
	for _, t := range troubles {
		names = append(names, t.name)
	}
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return slices.Concat(names, extra)
}

// KindName returns the name of a kind of thing.
func KindName(k fleet.Kind) string { return kinds[k].name }

// KindTitle returns the heading for things of a kind.
func KindTitle(k fleet.Kind) string { return kinds[k].title }

// TroubleName returns the name of a kind of problem.
func TroubleName(t fleet.Trouble) string { return troubles[t].name }
