// Package survey finds out how the monitor is, and says it: in a line for
// monitoring systems, for people, as JSON, and as metrics.
//
// What it says rests on two kinds of proof. The minute (package minute) has put
// into its state which canaries were counted; and the survey itself asks
// questions and looks at the rules now. No clock is trusted: a row of the future
// proves nothing.
package survey

import (
	"time"

	"egress-monitor/lib/gaps"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/truth"
)

// Facts are what was found out. Nothing in them is a judgement.
type Facts struct {
	Now      truth.Moment
	Root     bool   // what only root can see was seen
	User     string // who looked, if not root
	Enabled  bool
	Since    string // when it was enabled; "" if that is not known
	Half     bool   // an enable was interrupted
	Booted   time.Duration
	Settings settings.Settings
	Wrong    string // what is wrong with the settings file

	State  *truth.State
	Closed bool // the state may not be read by this user

	DNS DNS
	Firewall

	Cron  string // what is wrong with it; "" if nothing is
	Files map[string]*File
	Gaps  []gaps.Gap // of seven days
}

// A Firewall is what is known of the rules and the set that count connections.
type Firewall struct {
	Rules   []Family
	Set     Known     // whether it is there; Unknown if none is wanted
	Trouble []Trouble // what is wrong
	Notes   []string  // what is left out on purpose
}

// Known is yes, no, or not known.
type Known int

const (
	Unknown Known = iota
	Yes
	No
)

// Is makes a Known of a truth.
func Is(yes bool) Known {
	if yes {
		return Yes
	}
	return No
}

// DNS is what is known of our dnsmasq and of the ways to and from it.
type DNS struct {
	Active   Known
	Answers  error // nil: it does
	Asked    bool  // it was asked
	Logs     Known
	LogError error
	System   error // nil: the system's resolver asks it
	Upstream error // nil: one of the servers that it asks answers
	Looked   bool  // the servers were asked
	Bypassed bool
	Servers  []string
	Domains  []string // of links: asked of the link's own server as well
}

// A Family is the rules of IPv4 or IPv6.
type Family struct {
	Name    string
	Present Known // Unknown: this machine has none
	Logged  uint64
}

// Trouble is something that is wrong, and what to do.
type Trouble struct {
	Text, Do string
	Critical bool
	Way      string // which of the ways it makes blind; "" if none
}

// The files by what they hold.
const (
	Domains = "domains"
	IPs     = "ips"
)

// ways are those that are judged, in the order in which they are told.
var ways = []struct{ name, file string }{
	{truth.Names, Domains}, {truth.Resolver, Domains}, {truth.Addresses, IPs},
}

// File returns the facts of one.
func (f *Facts) File(name string) *File {
	if f.Files[name] == nil {
		return &File{}
	}
	return f.Files[name]
}
