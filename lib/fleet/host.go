package fleet

import (
	"fmt"
	"os"
	"time"

	"egress-monitor/lib/baseline"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/sighting"
)

// A Host is the summary of one host.
type Host struct {
	Name string

	Domains, Addresses     int    // rows
	Questions, Connections uint64 // their counts
	Newest                 sighting.Stamp
	Allowed                int // rows that a rule allows

	Direct            int // public addresses that no name led to
	DirectConnections uint64
	DirectLast        sighting.Stamp
	OnlyHere          int // of these, reached directly from no other host

	Own            int // addresses of the fleet's own networks
	OwnConnections uint64

	NewDomains, NewAddresses int
	NewNamed                 int // new addresses that a known name leads to

	Begin    time.Time // the first pull; zero if it is not known
	Pulled   time.Time // when the files were pulled
	Problems []Problem // why records of this host may be missing
	Crowds   [Kinds]Crowd
	Weeks    [8]int // rare domains and direct addresses by the week they were first seen in, the last one first

	begin    sighting.Stamp // of Begin
	status   pulled.Status
	events   []baseline.Event
	known    time.Time // the operator has seen the events up to then
	first    bool      // there is something to compare with
	last     [2]sighting.Stamp
	canaries [2]sighting.Stamp // the last ones, of domains and of addresses
	strayed  [2]int            // rows that belong into another file
	fell     int               // rows that count less than when they were first seen
	wide     [2]folded         // rows that mean "others"
	overflow int               // names that lead to more networks than are kept
	skipped  []batch.Skipped
}

// folded sums up rows of which the detail is lost.
type folded struct {
	rows  int
	what  string
	count uint64
	since sighting.Stamp
}

// A Trouble is a kind of problem of a host.
type Trouble int

const (
	Blind   Trouble = iota // one of its pipelines does not see
	Reset                  // it began anew
	Failed                 // it could not be pulled
	Late                   // it was not pulled for a while
	Quiet                  // nothing new came of it
	Future                 // its clock is wrong
	Flooded                // rows were folded
	Damaged                // its files are not what they should be
	Troubles
)

// A Problem is a reason why records of a host may be missing.
type Problem struct {
	Trouble
	Text  string
	Since time.Time // zero is not known
}

func (h *Host) problem(kind Trouble, since time.Time, format string, args ...any) {
	h.Problems = append(h.Problems, Problem{kind, fmt.Sprintf(format, args...), since})
}

// FirstPull reports whether the host has no earlier state to compare with.
func (h *Host) FirstPull(since time.Time) bool {
	return h.Begin.IsZero() && !h.first || h.Begin.After(since)
}

// readPast reads the status and the events of a host, as the collector keeps them.
func (h *Host) readPast(dir string) {
	h.status = pulled.ReadStatus(dir)
	h.Pulled = h.status.Pulled
	events, err := baseline.History(dir)
	if err != nil {
		h.problem(Damaged, time.Time{}, "%v", err)
	}
	h.events, h.known = events, baseline.Known(dir)
	for _, e := range events {
		if e.Kind == baseline.First {
			h.Begin, h.begin = e.At, stampOf(e.At)
			break
		}
	}
}

// isRegular reports whether a path is a file, and no device or pipe, which
// might never end.
func isRegular(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

// age returns how old a row is: when it was first seen, whether that was after the
// first pull of the host, and whether it is new.
func (h *Host) age(first sighting.Stamp, since sighting.Stamp) (at sighting.Stamp, born, isNew bool) {
	begin := h.begin
	if first == 0 || first <= begin {
		return begin, false, false
	}
	return first, true, first >= since
}

func stampOf(t time.Time) sighting.Stamp {
	if t.IsZero() {
		return 0
	}
	return sighting.ParseStamp([]byte(t.UTC().Format("2006-01-02T15:04:05Z")))
}
