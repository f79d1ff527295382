// Package baseline keeps a collector's records beyond the last pull: when each name
// and address was first seen, dated states, and the history of the pulls of a host.
//
//	DIR/HOST/first-seen-domains.log    when each name was first seen on the host
//	DIR/HOST/first-seen-ips.log        when each address was
//	DIR/HOST/pull.history              first pull, resets, failures: see Event
//	DIR/HOST/known                     a time: events up to it need no attention
//	DIR/HOST/states/TIME/*.log.zst     dated states, TIME as 20261126T051400Z
//	DIR/.fleet/first-seen-*.log        the same first times, of all hosts ever
//
// A first-seen file is an aggregate with another algebra: its time is the
// earliest one at which the key is known to have been seen, and its count is the
// count of that time. Of two rows of a key the one with the earlier time stays, of
// equal times the one with the smaller count: so files merge in any order, and to
// merge one twice changes nothing.
//
// A key of the first state that was ever pulled may be older than the records:
// its time is not later than that pull. A key that came later has a later time.
//
// All functions that write may be killed at any point: the next call completes the
// work.
package baseline

import (
	"path/filepath"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/pulled"
)

// Names of files, in the folder of a host.
const (
	FirstDomains  = "first-seen-domains.log"
	FirstIPs      = "first-seen-ips.log"
	historyFile   = "pull.history"
	knownFile     = "known"
	statesDir     = "states"
	compressed    = ".zst"
	stampLayout   = "20060102T150405Z"
	newSuffix     = ".new"
	fleetDir      = ".fleet"
	maxFirstSeen  = 1_000_000 // rows of a first-seen file of a host
	maxFleetFirst = 1 << 30   // bytes of one of the fleet
)

// files pairs each aggregate with its first-seen file.
var files = [2]struct{ state, first string }{{pulled.Domains, FirstDomains}, {pulled.IPs, FirstIPs}}

// FleetFile returns the path of a first-seen file of the whole fleet.
func FleetFile(dir, name string) string { return filepath.Join(dir, fleetDir, name) }

// An entry is the time and the count of a row of a first-seen file.
type entry struct {
	at    string // aggregate.TimeLayout, which sorts by time
	count uint64
}

// before reports whether e, and not o, stays of two entries of a key.
func (e entry) before(o entry) bool {
	return e.at < o.at || e.at == o.at && e.count < o.count
}

func stamp(t time.Time) string { return t.UTC().Format(aggregate.TimeLayout) }
