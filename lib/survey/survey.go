// Package survey finds out the state of the monitor and reports it: in one line for
// monitoring systems, as text for people, as JSON, and as metrics.
//
// The report rests on two kinds of proof. The state that the minute (package
// minute) keeps tells which canaries were counted. And the survey itself asks
// questions and checks the rules now. No clock is trusted: a row of the future
// proves nothing.
package survey

import (
	"time"

	"egress-monitor/lib/gaps"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/truth"
)

// Facts holds the findings of a survey, without any judgement.
type Facts struct {
	Now      truth.Moment
	Root     bool   // the survey ran as root, which may read everything
	User     string // the user whom it ran as
	Enabled  bool
	Since    string // when it was enabled; "" if that is not known
	Half     bool   // an enable was interrupted
	Booted   time.Duration
	Settings settings.Settings
	Wrong    string   // what is wrong with the settings file
	Pending  []string // settings that were changed there, and are not in force

	State  *truth.State
	Closed bool // the state may not be read by this user

	DNS DNS
	Firewall

	Cron  string // what is wrong with it; "" if nothing is
	Files map[string]*File
	Gaps  []gaps.Gap // of seven days
}

// A Firewall holds the facts about the rules and the set that count connections.
type Firewall struct {
	Rules   []Family
	Set     Known     // whether it is there; Unknown if none is wanted
	Trouble []Trouble // what is wrong
	Notes   []string  // connections that are left out on purpose
}

// Known is yes, no, or not known.
type Known int

const (
	Unknown Known = iota
	Yes
	No
)

// Is returns Yes or No.
func Is(yes bool) Known {
	if yes {
		return Yes
	}
	return No
}

// DNS holds the facts about our dnsmasq, its clients and its servers.
type DNS struct {
	Active   Known
	Answers  error // nil: it does
	Asked    bool  // it was asked
	Logs     Known // whether its log has the question
	Log      error // why not
	System   error // nil: the system's resolver asks it
	Upstream error // nil: names resolve (canary.Names); only root asks
	Bypassed bool
	Servers  []string
	Domains  []string // of links: asked of the link's own server as well
}

// A Family holds the facts about the rules of IPv4 or of IPv6.
type Family struct {
	Name    string
	Present Known // Unknown: this machine has none
	Logged  uint64
}

// Trouble is a fault, and advice.
type Trouble struct {
	Text, Do string
	Critical bool
	Way      string // the way that it makes blind; "" if none
}

// The files by what they hold.
const (
	Domains = "domains"
	IPs     = "ips"
)

// ways lists the ways that are judged, in the order of the report.
var ways = []struct{ name, file string }{
	{truth.Names, Domains}, {truth.Resolver, Domains}, {truth.Addresses, IPs},
}

// File returns the facts about a file.
func (f *Facts) File(name string) *File {
	if f.Files[name] == nil {
		return &File{}
	}
	return f.Files[name]
}
