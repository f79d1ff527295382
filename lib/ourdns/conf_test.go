package ourdns

import (
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/settings"
	"egress-monitor/lib/testtools"
)

func TestConf(t *testing.T) {
	s := Server{settings.Default()}
	for _, line := range []string{
		"user=egress-dns", "port=53", "listen-address=127.0.0.55", "bind-interfaces", "no-resolv", "no-hosts", "log-queries=extra",
		"servers-file=/run/egress-monitor/servers", "dns-loop-detect", "proxy-dnssec",
		"address=/canary.egress-monitor.invalid/203.0.113.255", "address=/canary.egress-monitor.test/203.0.113.255",
	} {
		if !strings.Contains(s.Conf(), "\n"+line+"\n") {
			t.Errorf("no %s in\n%s", line, s.Conf())
		}
	}
	if s.unitDropin() != "" || s.env() != "EGRESS_DNSMASQ_LOG=/var/log/egress-monitor/dnsmasq/dnsmasq.log\n" {
		t.Errorf("%q, %q", s.unitDropin(), s.env())
	}
	s.Settings.ListenAlso = []netip.Addr{netip.MustParseAddr("172.17.0.1")}
	s.Settings.DNSMasqLog = "/srv/q/q.log"
	if conf := s.Conf(); !strings.Contains(conf, "\nlisten-address=172.17.0.1\nbind-dynamic\n") || strings.Contains(conf, "bind-interfaces") {
		t.Error(conf)
	}
	if got := s.unitDropin(); got != "[Service]\nReadWritePaths=-/srv/q\n" {
		t.Error(got)
	}
}

func TestFileIs(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if !(file{name, ""}).is() || (file{name, "a"}).is() {
		t.Error("a missing file")
	}
	testtools.Write(t, name, "a")
	if !(file{name, "a"}).is() || (file{name, "b"}).is() || (file{name, ""}).is() {
		t.Error("a file with text")
	}
	testtools.Write(t, name, "")
	if (file{name, ""}).is() {
		t.Error("an empty file is taken for none")
	}
}

func TestLogged(t *testing.T) {
	testtools.AsNobody(t) // root would read the log as the user egress-monitor
	s := Server{settings.Default()}
	s.Settings.DNSMasqLog = filepath.Join(t.TempDir(), "q.log")
	nothing := func() error { return nil }
	if answer, log := s.Logged("a", 0, nothing); answer != nil || log == nil || !strings.Contains(log.Error(), "or it cannot be read") {
		t.Errorf("no log: %v, %v", answer, log)
	}
	testtools.Append(t, s.Settings.DNSMasqLog, line("a"))
	if answer, log := s.Logged("a", 0, nothing); answer != nil || log == nil || !strings.Contains(log.Error(), "is the disk full?") {
		t.Errorf("an earlier question: %v, %v", answer, log)
	}
	if answer, log := s.Logged("a", 0, func() error { return errors.New("no answer") }); answer == nil || log != nil {
		t.Errorf("no answer: %v, %v", answer, log)
	}
	answer, log := s.Logged("a", 20*time.Second, func() error { testtools.Append(t, s.Settings.DNSMasqLog, line("a")); return nil })
	if answer != nil || log != nil {
		t.Errorf("%v, %v", answer, log)
	}
}

func TestPortFree(t *testing.T) {
	testtools.NeedRoot(t)
	s := Server{settings.Default()}
	s.Settings.Listen = netip.MustParseAddr("127.53.53.9")
	at := s.Address().String()
	testtools.Must(t, s.PortFree())
	udp, err := net.ListenPacket("udp4", at)
	testtools.Must(t, err)
	if err := s.PortFree(); err == nil || err.Error() != at+" is taken" {
		t.Errorf("by a UDP socket: %v", err)
	}
	udp.Close()
	tcp, err := net.Listen("tcp4", at)
	testtools.Must(t, err)
	if err := s.PortFree(); err == nil || err.Error() != at+" is taken" {
		t.Errorf("by a TCP socket: %v", err)
	}
	tcp.Close()
	testtools.Must(t, s.PortFree())
}
