package resolver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/canary"
	"egress-monitor/lib/change"
	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/ourdns"
	"egress-monitor/lib/systemd"
	"egress-monitor/lib/undo"
)

// Is reports whether all names that the machine asks for go through dnsmasq.
func (r *Resolver) Is() bool { return r.resolvedIs() && r.resolvConfIs() }

// Do has the resolver ask dnsmasq.
func (r *Resolver) Do(h *change.Hand) error {
	if !r.resolvedIs() {
		if err := r.resolvedDo(h); err != nil {
			return err
		}
	}
	if !r.resolvConfIs() {
		return r.resolvConfDo(h)
	}
	return nil
}

// Undo restores the resolver: first the file, so that names resolve while
// systemd-resolved restarts.
func (r *Resolver) Undo(notes []undo.Entry) error {
	return errors.Join(r.resolvConfUndo(), resolvedUndo(notes))
}

// PastSince returns since when names may go past dnsmasq, by the time of the file that
// sends them past it; zero if none does, or the time is not known.
func (r *Resolver) PastSince() time.Time {
	switch {
	case r.Resolved && r.InForce() != nil:
		return changed("/run/systemd/resolve/resolv.conf")
	case r.Resolved && isResolveds(), canary.This.First().Addr() == r.Listen:
		return time.Time{}
	}
	return changed(resolvConf)
}

// changed returns when a file, or the link in its place, was last written or made.
func changed(name string) (last time.Time) {
	var link, file unix.Stat_t
	if unix.Lstat(name, &link) == nil {
		last = time.Unix(link.Ctim.Unix())
	}
	if unix.Stat(name, &file) == nil && time.Unix(file.Ctim.Unix()).After(last) {
		last = time.Unix(file.Ctim.Unix())
	}
	return last
}

// Resolves reports whether programs can resolve a name, by the C library.
func Resolves(name string) bool {
	return child.Command("getent", "ahostsv4", name).Within(10*time.Second).Run(context.Background()) == nil
}

// A Proof shows that programs can resolve names, and through dnsmasq.
type Proof struct {
	Server   ourdns.Server
	Upstream []string // servers that dnsmasq asks
	Before   bool     // programs could resolve the name before

	Validates bool // systemd-resolved checks signatures
}

// Prove returns an error unless it is so.
func (p Proof) Prove(ctx context.Context) error {
	local := p.local()
	if local != "" && !isResolveds() {
		// Another resolver of this machine may take its servers from resolv.conf, and ask us. On a reload dnsmasq
		// detects the loop, and asks that resolver no more.
		time.Sleep(time.Second)
		systemd.Ctl("reload", layout.DNSUnit)
		time.Sleep(time.Second)
	}
	first, name := canary.This.First(), p.Server.Settings.ProbeName
	answer, log := p.Server.Logged(name, 3*time.Second, func() (err error) {
		ourdns.WaitFor(ctx, 10*time.Second, func() bool { err = ourdns.Answers(first, name); return err == nil })
		return err
	})
	if answer != nil {
		why := p.loop(local)
		if p.Validates && why == "" {
			why = "; systemd-resolved validates (DNSSEC= in resolved.conf): do the name servers give signatures, and is the clock right?"
		}
		return fmt.Errorf("names do not resolve through %s%s", first.Addr(), why)
	}
	if log != nil {
		return fmt.Errorf("names resolve, but not through dnsmasq: %s answers %s by itself or asks somebody else (EGRESS_PROBE_NAME must be a name that is asked of other servers)", first.Addr(), name)
	}
	if p.Before && !Resolves(name) {
		return fmt.Errorf("programs cannot resolve %s any more (getent ahostsv4 %s)", name, name)
	}
	return nil
}

// local returns a resolver of this machine that dnsmasq asks; "" if there is
// none.
func (p Proof) local() string {
	for _, s := range p.Upstream {
		if strings.HasPrefix(s, "127.") {
			return s
		}
	}
	return ""
}

// loop returns text about a local resolver that asks our dnsmasq; "" if a question to it
// does not come back.
func (p Proof) loop(local string) string {
	addr, err := netip.ParseAddr(strings.Split(local, "#")[0])
	if local == "" || err != nil {
		return ""
	}
	name := fmt.Sprintf("loop-%d.%s", time.Now().UnixNano(), p.Server.Settings.ProbeName)
	_, log := p.Server.Logged(name, time.Second, func() error {
		ourdns.Answers(netip.AddrPortFrom(addr, 53), name) // whether it answers does not matter
		return nil
	})
	if log != nil {
		return ""
	}
	return fmt.Sprintf("; the resolver on %s asks %s, which asks it: give it name servers of its own", addr, p.Server.Settings.Listen)
}
