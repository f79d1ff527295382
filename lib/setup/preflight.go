package setup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"egress-monitor/lib/accounts"
	"egress-monitor/lib/child"
	"egress-monitor/lib/folders"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/ourdns"
	"egress-monitor/lib/resolver"
	"egress-monitor/lib/rsyslog"
	"egress-monitor/lib/systemd"
)

// needed lists programs that must be installed, with the Debian package of each.
var needed = [][2]string{
	{"dnsmasq", "dnsmasq-base"}, {"logrotate", "logrotate"}, {"useradd", "passwd"}, {"userdel", "passwd"}, {"systemctl", "systemd"},
}

// preflight checks whether enable can work, before anything is changed.
func (s *Setup) preflight() error {
	if !systemd.Running() {
		return errors.New("this machine does not run systemd")
	}
	c, err := systemd.Connect()
	if err != nil {
		return err
	}
	defer c.Close()
	if err := s.programs(c); err != nil {
		return err
	}
	if err := accounts.New().Check(); err != nil {
		return err
	}
	if err := (folders.Folders{Settings: s.Settings}).Check(s.Journal, stepFolders); err != nil {
		return fmt.Errorf("%s: %w", layout.Defaults, err)
	}
	dns := ourdns.Server{Settings: s.Settings}
	if err := dns.PortFree(); err != nil && !s.listens(c) {
		return s.portTaken(err)
	}
	if err := s.FindUpstream(); err != nil && !s.before {
		return err
	}
	if len(s.Plan.Servers) == 0 && !s.before {
		return errors.New("found no name server that dnsmasq could ask (resolvectl dns; /etc/resolv.conf)")
	}
	if s.Plan.Strict && !s.Settings.AllowPlainDNS {
		return fmt.Errorf("systemd-resolved is set to DNSOverTLS=yes, and dnsmasq cannot do that: questions would leave in clear text. EGRESS_ALLOW_PLAIN_DNS=yes in %s accepts it", layout.Defaults)
	}
	if err := s.providerAnswers(); err != nil {
		return err
	}
	s.resolved = resolver.Resolves(s.Settings.ProbeName)
	s.hints(c)
	return nil
}

// providerAnswers returns an error if a repeated enable could prove nothing: our
// dnsmasq works, but the servers that it asks do not answer.
func (s *Setup) providerAnswers() error {
	now := ourdns.Server{Settings: s.earlier}
	if !s.before || !now.CanaryAnswers() {
		return nil
	}
	if err := ourdns.Answers(now.Address(), s.Settings.ProbeName); err != nil {
		return fmt.Errorf("nothing was changed, and the monitor stays on as it was: the servers that dnsmasq asks (%s) do not answer for %s: %w",
			s.Plan.Text(), s.Settings.ProbeName, err)
	}
	return nil
}

func (s *Setup) programs(c *systemd.Conn) error {
	list := needed
	if s.Settings.Logs() {
		list = append(list, [2]string{"iptables-restore", "iptables"})
	}
	if s.Settings.InSet() {
		list = append(list, [2]string{"nft", "nftables"})
	}
	for _, p := range list {
		if _, err := child.LookPath(p[0]); err != nil {
			return fmt.Errorf("%s is missing (apt-get install %s)", p[0], p[1])
		}
	}
	if unit, _ := c.Cron(); unit == "" {
		return errors.New("cron is missing (apt-get install cron)")
	}
	return nil
}

// listens reports whether our own dnsmasq has the port.
func (s *Setup) listens(c *systemd.Conn) bool {
	return c.Active(layout.DNSUnit)
}

// portTaken returns an error that names the program that has the port, and the remedy.
func (s *Setup) portTaken(cause error) error {
	who, all := "", false
	r, err := child.Command("ss", "-Hlntup", "sport = :53").Output(context.Background())
	if err == nil {
		who, all = holder(r.Lines(), s.Settings.Listen.String())
	}
	if all {
		return fmt.Errorf("%w%s: it listens on all addresses: have it listen on its own only (dnsmasq: listen-address= and bind-interfaces; unbound: interface:; named: listen-on), or stop it", cause, who)
	}
	return fmt.Errorf("%w%s: set EGRESS_LISTEN to another loopback address in %s, or stop that program", cause, who, layout.Defaults)
}

// holder finds, in the lines of ss, the program that has the address, or all addresses.
func holder(lines []string, listen string) (who string, all bool) {
	for _, line := range lines {
		f := strings.Fields(line)
		if len(f) < 6 {
			continue
		}
		all = f[4] == "0.0.0.0:53" || f[4] == "*:53"
		if f[4] == listen+":53" || all {
			return " by " + program(strings.Join(f[6:], " ")), all
		}
	}
	return "", false
}

// program parses users:(("NAME",pid=N,fd=N),…) of ss.
func program(users string) string {
	_, rest, _ := strings.Cut(users, `(("`)
	name, rest, ok := strings.Cut(rest, `",pid=`)
	pid, _, _ := strings.Cut(rest, ",")
	if !ok {
		return "another program"
	}
	return child.Clean(name) + " (pid " + child.Clean(pid) + ")"
}

// hints warns of facts that the admin should know, and that do not stop enable.
func (s *Setup) hints(c *systemd.Conn) {
	for _, name := range s.Settings.Unknown() {
		s.Warn("%s: %s: no setting of that name is known", layout.Defaults, name)
	}
	if _, err := os.Stat("/var/log/journal"); err != nil {
		s.Warn("the journal is not kept over a reboot: connections of the last minute before one are lost (mkdir /var/log/journal)")
	}
	if unit, active := c.Cron(); !active {
		s.Warn("cron does not run: nothing will be polled (systemctl start %s)", unit)
	}
	if other := rsyslog.Other(c); other != "" && s.Settings.Logs() {
		s.Warn("%s may write a line for each connection to its files: have it leave out kernel messages with %q in them", other, s.Settings.Prefix)
	}
	if !s.Resolver().Resolved {
		s.dockerHint()
	}
}

// dockerHint warns that containers would get public resolvers. Without systemd-resolved
// dockerd copies the servers of /etc/resolv.conf into containers, but no loopback
// address, as ours is. If no other is left it takes 8.8.8.8 (libnetwork/resolvconf).
func (s *Setup) dockerHint() {
	_, err := child.LookPath("dockerd")
	_, err2 := net.InterfaceByName("docker0")
	if err != nil && err2 != nil {
		return
	}
	text, _ := os.ReadFile("/etc/docker/daemon.json")
	if strings.Contains(string(text), `"dns"`) {
		return
	}
	words := s.Plan.Words()
	for i, w := range words {
		words[i] = `"` + strings.Split(w, "#")[0] + `"`
	}
	s.Warn(`docker cannot give containers 127.x.y.z as their name server, and would take public ones (8.8.8.8) instead: put {"dns": [%s]} into /etc/docker/daemon.json, or set EGRESS_LISTEN_ALSO to the address of docker0 and put that there, and restart docker`, strings.Join(words, ", "))
}
