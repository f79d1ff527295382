package survey

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"egress-monitor/lib/child"
	"egress-monitor/lib/gaps"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/truth"
)

// Severity is how bad a problem is: the exit status of check.
type Severity int

const (
	OK       Severity = 0
	Warning  Severity = 1
	Critical Severity = 2
	NotKnown Severity = 3
)

func (s Severity) String() string { return []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[s] }

// rank returns the order of severities: unknown is between warning and critical.
func (s Severity) rank() int { return []int{0, 1, 3, 2}[s] }

// A Problem is one fault, with its severity.
type Problem struct {
	Severity Severity
	Text     string
	Since    time.Time // zero: not known, or just now
}

// A Verdict holds the problems that follow from the facts.
type Verdict struct {
	Problems []Problem // the worst first
}

// Severity returns the severity of the worst problem.
func (v *Verdict) Severity() Severity {
	if len(v.Problems) == 0 {
		return OK
	}
	return v.Problems[0].Severity
}

// overdue is how long after the end of one minute the next should have ended: more
// than a minute and the time it takes, less than two minutes.
const overdue = 110 * time.Second

// fresh is the time after a start in which it is no problem that nothing was seen yet.
const fresh = 2 * time.Minute

// Judge returns the problems, the worst first.
func Judge(f *Facts) *Verdict {
	j := &judge{Facts: f}
	switch {
	case !f.Enabled && f.Half:
		j.add(NotKnown, time.Time{}, "an enable was interrupted (egress-monitor enable, or disable)")
	case !f.Enabled:
		j.add(NotKnown, time.Time{}, "not enabled (egress-monitor enable)")
	default:
		j.all()
	}
	slices.SortStableFunc(j.problems, func(a, b Problem) int { return cmp.Compare(b.Severity.rank(), a.Severity.rank()) })
	return &Verdict{j.problems}
}

type judge struct {
	*Facts
	problems []Problem
}

// longest is how many bytes the text of a problem may have. It may hold names that
// strangers have chosen.
const longest = 1000

func (j *judge) add(s Severity, since time.Time, format string, args ...any) {
	text := child.Clean(fmt.Sprintf(format, args...))
	if len(text) > longest {
		text = text[:longest-3] + "..."
	}
	j.problems = append(j.problems, Problem{s, text, since})
}

// outsider reports whether the user may read neither the files nor the state, so
// that nothing is known.
func (f *Facts) outsider() bool { return f.Closed && f.File(Domains).State == Closed }

func (j *judge) all() {
	if j.outsider() {
		j.add(NotKnown, time.Time{}, "the files are not readable for %s (group adm may)", j.User)
		return
	}
	j.minute()
	for _, way := range ways {
		j.way(way.name, way.file)
	}
	j.upstream()
	j.trouble()
	j.tasks()
	for _, name := range []string{Domains, IPs} {
		j.file(j.File(name))
	}
	j.gaps()
	if j.Wrong != "" {
		j.add(Warning, time.Time{}, "%s; the settings of the last enable are in force", j.Wrong)
	}
	if len(j.Pending) > 0 {
		j.add(Warning, time.Time{}, "%s: changed in %s, and not in force yet (egress-monitor enable)", strings.Join(j.Pending, ", "), layout.Defaults)
	}
}

// minute judges whether the minute is still run: if not, the state is out of date.
func (j *judge) minute() {
	last := j.State.Run(j.Now)
	if j.Cron != "" {
		j.add(Critical, last.When(j.Now), "nothing polls%s: %s", sinceWord(proved(last, j.Now)), j.Cron)
		return
	}
	switch {
	case last.Wall.IsZero() && (j.Booted < fresh || j.enabledFor() < fresh):
		j.add(Warning, time.Time{}, "nothing was seen yet: the first minute has not passed")
	case last.Wall.IsZero():
		j.add(Critical, time.Time{}, "cron has not run egress-monitor's minute since the machine started (journalctl -t egress-monitor; systemctl status cron)")
	case last.Age(j.Now) > overdue:
		j.add(Critical, last.When(j.Now), "nothing polls%s: cron runs, but egress-monitor's minute does not finish (journalctl -t egress-monitor; cron ignores %s if others may write it)", sinceWord(proved(last, j.Now)), layout.Crontab)
	}
}

func (j *judge) enabledFor() time.Duration {
	at, err := time.Parse(time.RFC3339, j.Since)
	if err != nil {
		return 0
	}
	return max(0, j.Now.Wall.Sub(at)) // 0, if the clock was set back
}

// way adds a problem if one of the ways is blind: by the facts of this run, or by the
// state that the last minute has written.
func (j *judge) way(name, file string) {
	w := j.State.Way(name)
	why := j.why(name)
	if why == "" && w.Blind {
		why = w.Why
	}
	if why == "" || name == truth.Resolver && j.asNames(w, why) {
		return
	}
	since, text := j.lastGood(w, file)
	j.add(Critical, since, "%s: blind since %s: %s", name, text, why)
}

// asNames reports whether the way of the system's resolver is blind only because
// that of our dnsmasq is blind, which is reported already.
func (j *judge) asNames(w *truth.Way, why string) bool {
	n := j.State.Way(truth.Names)
	return j.DNS.System == nil && !j.DNS.Bypassed && (n.Blind && n.Why == why || j.whyNames() != "")
}

// lastGood returns when a way was last known to see, and the text of that time. It
// is the time of the proof in this boot, or else the time in the file, which may
// be of a wrong clock.
func (j *judge) lastGood(w *truth.Way, file string) (time.Time, string) {
	switch last := j.File(file).Canary; {
	case !w.Good.Wall.IsZero():
		t := w.Good.When(j.Now)
		return t, stamp(t)
	case !last.IsZero() && !last.After(j.Now.Wall):
		return last, stamp(last)
	case j.Since != "":
		return time.Time{}, j.Since
	}
	return time.Time{}, "ever"
}

// why returns the reason that a way is blind now; "" if it is not known to be.
func (j *judge) why(way string) string {
	switch way {
	case truth.Names:
		return j.whyNames()
	case truth.Resolver:
		if j.DNS.Bypassed {
			return "names go past dnsmasq, because it could not be brought back (journalctl -u egress-monitor-dnsmasq)"
		}
		if j.DNS.System != nil && j.DNS.Answers == nil {
			return fmt.Sprintf("the system's resolver does not ask dnsmasq (%v)", j.DNS.System)
		}
	case truth.Addresses:
		var texts []string
		for _, t := range j.Trouble {
			if t.Critical && t.Way == way {
				texts = append(texts, t.text())
			}
		}
		return strings.Join(texts, "; ")
	}
	return ""
}

func (j *judge) whyNames() string {
	switch {
	case j.DNS.Active == No:
		return "dnsmasq is down (systemctl status egress-monitor-dnsmasq)"
	case j.DNS.Answers != nil:
		return fmt.Sprintf("dnsmasq does not answer (%v; systemctl restart egress-monitor-dnsmasq)", j.DNS.Answers)
	case j.DNS.Log != nil:
		return j.DNS.Log.Error()
	}
	return ""
}

func (t *Trouble) text() string {
	if t.Do == "" {
		return t.Text
	}
	return t.Text + " (" + t.Do + ")"
}

// upstream judges whether names resolve. If not, nothing is hidden, but it matters
// to the machine.
func (j *judge) upstream() {
	w := j.State.Way(truth.Upstream)
	why := ""
	switch {
	case j.Root && j.DNS.Upstream != nil:
		why = j.DNS.Upstream.Error()
	case !j.Root && w.Blind:
		why = w.Why
	default:
		return
	}
	since, text := time.Time{}, "before the last boot"
	if !w.Good.Wall.IsZero() {
		since = w.Good.When(j.Now)
		text = stamp(since)
	}
	j.add(Critical, since, "names do not resolve since %s: %s", text, strings.ReplaceAll(why, "\n", "; "))
}

// trouble adds faults that make no way blind, and those that no way reports.
func (j *judge) trouble() {
	for _, t := range j.Trouble {
		switch {
		case t.Critical && t.Way == "":
			j.add(Critical, time.Time{}, "%s", t.text())
		case !t.Critical:
			j.add(Warning, time.Time{}, "%s", t.text())
		}
	}
}

// patience is how long a poll may take before it is a warning. The first poll
// after some days has much to read.
const patience = 5 * time.Minute

func (j *judge) tasks() {
	for _, name := range []string{truth.Healing, Domains, IPs, truth.Rotating} {
		t := j.State.Task(name)
		if since := t.Failing; !since.Wall.IsZero() && !j.blindBy(name) {
			s := Warning
			if name == Domains || name == IPs {
				s = Critical
			}
			j.add(s, since.When(j.Now), "%s fails since %s: %s", taskText[name], stamp(since.When(j.Now)), t.Why)
		}
		if busy := t.Busy; !busy.Wall.IsZero() {
			s := Warning
			if busy.Age(j.Now) > patience {
				s = Critical
			}
			j.add(s, busy.When(j.Now), "%s has been at work since %s", taskText[name], stamp(busy.When(j.Now)))
		}
	}
}

// blindBy reports whether a way that the poll counts is blind: that problem
// already has the reason.
func (j *judge) blindBy(poll string) bool {
	for _, way := range ways {
		if way.file == poll && j.State.Way(way.name).Blind {
			return true
		}
	}
	return false
}

var taskText = map[string]string{
	truth.Healing:  "putting things right",
	Domains:        "the poll of names",
	IPs:            "the poll of addresses",
	truth.Rotating: "logrotate",
}

// damage is how long damaged rows are a warning. No program repairs them; a warning
// for ever would hide others.
const damage = time.Hour

func (j *judge) file(f *File) {
	base := path.Base(f.Name)
	if f.Rejected > 0 && j.Now.Wall.Sub(f.Aside) < damage {
		j.add(Warning, f.Aside, "%d damaged row(s) of %s were moved to %s.rejected", f.Rejected, base, base)
	}
	if f.Future > 0 {
		j.add(Warning, time.Time{}, "%d row(s) of %s are from the future (%s: %s): a clock was ahead (timedatectl)", f.Future, base, f.FutureKey, f.FutureTime)
	}
	since := j.State.Full[base]
	if f.Wide > 0 {
		j.add(Warning, since, "%d row(s) of %s stand for names or addresses that are gone%s (%s): what had no room was folded (to begin anew: mv the file away)", f.Wide, base, sinceWord(since), f.WideKey)
	}
	if f.Overflowed > 0 {
		j.add(Warning, since, "%d name(s) of %s led to more addresses than are kept%s (%s)", f.Overflowed, base, sinceWord(since), f.FullKey)
	}
}

func sinceWord(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " since " + stamp(t)
}

// recent is how long a gap is a warning.
const recent = time.Hour

func (j *judge) gaps() {
	n, last := 0, ""
	for _, g := range j.Gaps {
		if j.isRecent(g) && g.Warns() {
			n, last = n+1, g.String()
		}
	}
	if n > 0 {
		j.add(Warning, time.Time{}, "%d gap(s) in the last hour, the last: %s", n, last[:min(len(last), 300)])
	}
}

// isRecent reports whether a gap is of the last hour, or may be, since the clock
// was set.
func (f *Facts) isRecent(g gaps.Gap) bool {
	age := f.Now.Wall.Sub(g.At)
	return age < recent && age > -recent
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
