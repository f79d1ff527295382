package minute

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"egress-monitor/lib/canary"
	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/ourdns"
	"egress-monitor/lib/truth"
)

// why finds the broken part when a canary was sent, the poll succeeded, and yet the
// canary was not counted.
func (m *machine) why(way string, sent truth.Moment) string {
	if way == truth.Addresses {
		return m.whyAddresses(sent)
	}
	answer, log := ourdns.Server{Settings: m.settings}.AskLogged(layout.CheckName, time.Second)
	switch {
	case answer != nil:
		return "dnsmasq does not answer: " + answer.Error()
	case log != nil:
		return log.Error()
	case way == truth.Resolver:
		return "the system's resolver answers by itself, without dnsmasq"
	}
	return "the poll does not count what is in dnsmasq's log (journalctl -t egress-monitor)"
}

func (m *machine) whyAddresses(sent truth.Moment) string {
	if m.settings.InSet() {
		return "the set of nftables does not count it (nft list table inet " + layout.Table + ")"
	}
	r, err := child.Command("journalctl", "-q", "--no-pager", "-o", "cat", since(sent), "_TRANSPORT=kernel", "SYSLOG_FACILITY=0").Output(context.Background())
	switch {
	case err != nil && child.Status(err) != 1: // 1: no entry
		return "the journal cannot be read: " + err.Error()
	case !holdsCanary(r.Stdout) && (bytes.Contains(r.Stdout, []byte(m.settings.Prefix)) || !m.logs()):
		return "the canary's packet is not logged: another rule drops it before ours, or keeps it from being tracked (iptables -t raw -S; nft list ruleset)"
	case !holdsCanary(r.Stdout):
		return "the kernel's lines do not reach the journal (journalctl -k; systemctl status systemd-journald)"
	}
	return "the poll does not count what is in the journal (journalctl -t egress-monitor; groups egress-monitor)"
}

// logs reports whether our rules log the canary's packet, by their counters: it sends
// one more. The packet of another program, at the same time, counts as well.
func (m *machine) logs() bool {
	before := m.packets()
	return canary.Packet() == nil && m.packets() > before
}

// packets returns how many packets our rules have logged.
func (m *machine) packets() (n uint64) {
	state, err := m.setup.Firewall(nil).State()
	if err != nil {
		return 0
	}
	for _, f := range state.Families {
		n += f.Logged
	}
	return n
}

// since returns journalctl's option for entries from a moment on, to the
// microsecond: the canary of the minute before may be less than a second old.
func since(sent truth.Moment) string {
	us := sent.Wall.UnixMicro()
	return fmt.Sprintf("--since=@%d.%06d", us/1e6, us%1e6)
}

// holdsCanary reports whether lines hold the canary's packet, as nf_log_syslog.c
// prints it.
func holdsCanary(lines []byte) bool {
	return bytes.Contains(lines, []byte("DST="+layout.CanaryIP4+" ")) ||
		bytes.Contains(lines, []byte("DST=2001:0db8:ffff:ffff:0000:0000:0000:0255 "))
}
