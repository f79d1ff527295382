// Package ourdns is our own dnsmasq: its configuration, its start, and whether it
// answers and writes its log.
package ourdns

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"egress-monitor/lib/change"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/undo"
)

// A Server is our dnsmasq with its settings.
type Server struct {
	Settings settings.Settings
}

// Address returns the address and the port that our dnsmasq listens on.
func (s Server) Address() netip.AddrPort { return netip.AddrPortFrom(s.Settings.Listen, 53) }

// Conf returns the text of dnsmasq.conf.
func (s Server) Conf() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Written by "egress-monitor enable" from %s; removed by "egress-monitor disable". Do not edit.
user=%s
pid-file=
port=53
listen-address=%s
`, layout.Defaults, layout.Resolver, s.Settings.Listen)
	binding := "bind-interfaces"
	for _, a := range s.Settings.ListenAlso {
		fmt.Fprintf(&b, "listen-address=%s\n", a)
		binding = "bind-dynamic" // such an address may come later than dnsmasq, or go
	}
	fmt.Fprintf(&b, `%s
no-hosts
no-resolv
servers-file=%s
dns-loop-detect
cache-size=1000
dns-forward-max=1000
# What a validating upstream says of an answer (the AD flag) is passed on.
proxy-dnssec
# Not stop-dns-rebind and not dnssec: with either, an upstream answer could write forged lines into the log.
log-queries=extra
# The canaries; nothing else is answered from here.
`, binding, layout.Servers)
	for _, name := range []string{layout.CanaryName, layout.SystemCanaryName} {
		fmt.Fprintf(&b, "address=/%s/%s\n", name, layout.CanaryIP4)
	}
	return b.String()
}

// env returns what dnsmasq-start needs to know, in systemd's form.
func (s Server) env() string { return "EGRESS_DNSMASQ_LOG=" + s.Settings.DNSMasqLog + "\n" }

// Drop-in of the unit: a folder that is not the default one needs a hole in the
// sandbox.
const unitDropin = "/etc/systemd/system/" + layout.DNSUnit + ".d/log.conf"

func (s Server) unitDropin() string {
	d := settings.Default()
	if s.Settings.LogFolder() == d.LogFolder() {
		return ""
	}
	return "[Service]\nReadWritePaths=-" + s.Settings.LogFolder() + "\n"
}

// ConfText is the step for people.
const ConfText = "configuration " + layout.Conf

// ConfIs reports whether the configuration is in place.
func (s Server) ConfIs() bool {
	return holds(layout.Conf, s.Conf()) && holds(layout.DNSEnv, s.env()) && holds(unitDropin, s.unitDropin())
}

// holds reports whether a file has that text; "" means that there is no file.
func holds(path, text string) bool {
	got, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return text == ""
	}
	return err == nil && string(got) == text && text != ""
}

// ConfDo writes the configuration.
func (s Server) ConfDo(h *change.Hand) error {
	if err := h.Need(layout.Etc); err != nil {
		return err
	}
	if err := write(h, layout.Conf, s.Conf()); err != nil {
		return err
	}
	if err := write(h, layout.DNSEnv, s.env()); err != nil {
		return err
	}
	if holds(unitDropin, s.unitDropin()) {
		return nil
	}
	if s.unitDropin() == "" {
		if err := h.Do("rm "+unitDropin, func() error { return undo.Put(unitDropin, undo.State{Type: undo.Absent}) }); err != nil {
			return err
		}
	} else {
		if err := h.Need(filepath.Dir(unitDropin)); err != nil {
			return err
		}
		if err := write(h, unitDropin, s.unitDropin()); err != nil {
			return err
		}
	}
	return h.Run("systemctl", "daemon-reload")
}

func write(h *change.Hand, path, text string) error {
	if holds(path, text) {
		return nil
	}
	return h.Write(path, text, change.Root644)
}

// ConfUndo removes the configuration: all three files are ours by their names.
func ConfUndo(notes []undo.Entry) error {
	dropin := !holds(unitDropin, "")
	if err := undo.Restore(notes); err != nil {
		return err
	}
	for _, f := range []string{layout.Conf, layout.DNSEnv, unitDropin} {
		if err := undo.Put(f, undo.State{Type: undo.Absent}); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	os.Remove(layout.Etc) // if nothing else is in it
	os.Remove(filepath.Dir(unitDropin))
	if dropin {
		return run("systemctl", "daemon-reload")
	}
	return nil
}
