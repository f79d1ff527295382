package fleet

import (
	"fmt"
	"time"

	"egress-monitor/lib/baseline"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/sighting"
)

// judge adds the problems of each host.
func (f *Fleet) judge() {
	var inUse [2]bool // a fleet that sends no canaries is not blind
	for i := range f.Hosts {
		for k, last := range f.Hosts[i].canaries {
			inUse[k] = inUse[k] || last != 0
		}
	}
	for i := range f.Hosts {
		h := &f.Hosts[i]
		f.pull(h)
		f.rows(h)
		if h.Domains+h.Addresses == 0 && h.canaries == [2]sighting.Stamp{} {
			h.problem(Damaged, time.Time{}, "nothing is known of it")
			continue
		}
		for k, what := range []string{"names", "addresses"} {
			if inUse[k] {
				f.blind(h, what, h.canaries[k])
			}
		}
		f.quiet(h)
	}
}

// pull adds the problems of the host's pulls.
func (f *Fleet) pull(h *Host) {
	if h.status.State == pulled.Failed {
		h.problem(Failed, h.lastEvent(baseline.Failed, h.status.Time), "the last pull failed: %s", h.status.Message)
	}
	if age := f.Now.Sub(h.Pulled); !h.Pulled.IsZero() && age > f.Stale {
		h.problem(Late, h.Pulled, "last pulled %s", ago(age))
	}
	h.resets()
}

// resets adds the resets that the operator has not seen. An older egress-pull
// recorded only the last one.
func (h *Host) resets() {
	resets := 0
	var last baseline.Event
	for _, e := range h.events {
		if e.Kind == baseline.Reset && e.At.After(h.known) {
			resets, last = resets+1, e
		}
	}
	switch {
	case resets > 1:
		h.problem(Reset, last.At, "was reset %d times: %s", resets, last.Message)
	case resets == 1:
		h.problem(Reset, last.At, "was reset: %s", last.Message)
	case h.status.State == pulled.Reset && h.status.Time.After(h.known) && len(h.events) == 0:
		h.problem(Reset, h.status.Time, "was reset since the pull before: %s", h.status.Message)
	case h.fell > 0 && h.lastEvent(baseline.Reset, time.Time{}).IsZero() && h.known.IsZero():
		h.problem(Reset, time.Time{}, "was reset: %d counts are smaller than they were", h.fell)
	}
}

// lastEvent returns the time of the last event of a kind, or otherwise if there is none.
func (h *Host) lastEvent(kind string, otherwise time.Time) time.Time {
	for i := len(h.events) - 1; i >= 0; i-- {
		if h.events[i].Kind == kind {
			return h.events[i].At
		}
	}
	return otherwise
}

// rows adds the problems of the host's rows.
func (f *Fleet) rows(h *Host) {
	for k, name := range pulled.Files {
		if n := h.strayed[k]; n > 0 {
			h.problem(Damaged, time.Time{}, "%s: %d rows do not belong there", name, n)
		}
		if w := h.wide[k]; w.rows > 0 {
			h.problem(Flooded, w.since.Time(), "flooded: rows like %s hold %d %s, whose detail is lost",
				w.what, w.count, []string{"questions", "connections"}[k])
		}
	}
	if h.overflow > 0 {
		h.problem(Flooded, time.Time{}, "flooded: of %d domains a name leads to more networks than are kept", h.overflow)
	}
	if h.Newest != 0 && h.Newest.Time().Sub(f.Now) > f.Blind {
		h.problem(Future, time.Time{}, "its clock is wrong: has rows from the future (%s)", minute(h.Newest.Time()))
	}
}

// blind adds a problem if a canary is missing or too old.
func (f *Fleet) blind(h *Host, what string, last sighting.Stamp) {
	if last == 0 {
		h.problem(Blind, time.Time{}, "blind for %s: no canary", what)
	} else if age := h.Pulled.Sub(last.Time()); age > f.Blind {
		h.problem(Blind, last.Time(), "blind for %s since %s", what, minute(last.Time()))
	}
}

// quiet adds a problem if a host that sees its canaries sees nothing else, or only
// names, or only addresses.
func (f *Fleet) quiet(h *Host) {
	what, last := "", h.Newest
	old := func(s sighting.Stamp) bool { return s != 0 && h.Pulled.Sub(s.Time()) > f.Stale }
	switch {
	case old(h.Newest):
		what = "nothing"
	case old(h.last[0]):
		what, last = "no name", h.last[0]
	case old(h.last[1]):
		what, last = "no address", h.last[1]
	default:
		return
	}
	h.problem(Quiet, last.Time(), "quiet: %s since %s", what, minute(last.Time()))
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func ago(age time.Duration) string {
	switch {
	case age >= 48*time.Hour:
		return fmt.Sprintf("%d days ago", age/(24*time.Hour))
	case age >= 2*time.Hour:
		return fmt.Sprintf("%d hours ago", age/time.Hour)
	}
	return fmt.Sprintf("%d minutes ago", age/time.Minute)
}
