package overlooked

import "bytes"

// others are logs that people take for the wanted ones: words that their lines
// contain, and the hint.
var others = [...]struct {
	words [2]string
	what  string
}{
	{[2]string{"filterlog"}, "the lines are pf's filterlog (pfSense, OPNsense), not LOG lines of iptables or nftables"},
	{[2]string{" firewall,info "}, "the lines are of MikroTik RouterOS, not LOG lines of iptables or nftables"},
	{[2]string{" dns,"}, "the lines are of MikroTik RouterOS, not of dnsmasq"},
	{[2]string{`"oob.prefix"`}, "the lines are ulogd's JSON: let it write LOGEMU (output_LOGEMU.so), and read that with --tag=-"},
	{[2]string{"oob.prefix="}, "the lines are ulogd's GPRINT: let it write LOGEMU (output_LOGEMU.so), and read that with --tag=-"},
	{[2]string{"CEF:0|"}, "the lines are of the form CEF, not LOG lines of iptables or nftables"},
	{[2]string{": query: ", " IN "}, "the lines are queries that BIND (named) logged, not dnsmasq"},
	{[2]string{"unbound", " IN"}, "the lines are queries that unbound logged, not dnsmasq"},
	{[2]string{"[INFO] ", " IN "}, "the lines are queries that CoreDNS logged, not dnsmasq"},
	{[2]string{`"QH":`, `"QT":`}, "the lines are AdGuard Home's querylog.json, not a log of dnsmasq"},
	{[2]string{"systemd-resolved[", "Looking up"}, "the lines are queries that systemd-resolved logged, not dnsmasq"},
}

// maxTried bounds how many lines are checked.
const maxTried = 1000

// Recognise checks whether a line is of a log that is often taken for the wanted
// one.
func (l *Lines) Recognise(line []byte) {
	if l.known != "" || l.tried == maxTried {
		return
	}
	l.tried++
	for _, o := range others {
		if bytes.Contains(line, []byte(o.words[0])) && bytes.Contains(line, []byte(o.words[1])) {
			l.known = o.what
			return
		}
	}
}

// OtherHost notes a host whose lines were left out.
func (l *Lines) OtherHost(host []byte) {
	if l.host == "" {
		l.host = Printable(host)
	}
}

// hint returns a reason why nothing was counted, or "".
func (l *Lines) hint() string {
	if l.host != "" {
		return "there are lines of other hosts, such as " + l.host + " (--host)"
	}
	return l.known
}
