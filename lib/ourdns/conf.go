// Package ourdns configures and starts our own dnsmasq, and checks that it answers and
// writes its log.
package ourdns

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"egress-monitor/lib/change"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/systemd"
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
		binding = "bind-dynamic" // such an address may be added or removed while dnsmasq runs
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

// env returns the environment of dnsmasq-start, in systemd's form.
func (s Server) env() string { return "EGRESS_DNSMASQ_LOG=" + s.Settings.DNSMasqLog + "\n" }

// unitDropin is a drop-in of the unit. It opens the sandbox for a log folder that is not
// the default one.
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

// A file is a file that we write; one without text is not needed.
type file struct{ path, text string }

func (s Server) files() []file {
	return []file{{layout.Conf, s.Conf()}, {layout.DNSEnv, s.env()}, {unitDropin, s.unitDropin()}}
}

// is reports whether the file has its text.
func (f file) is() bool {
	got, err := os.ReadFile(f.path)
	if os.IsNotExist(err) {
		return f.text == ""
	}
	return err == nil && string(got) == f.text && f.text != ""
}

// ConfIs reports whether the configuration is in place.
func (s Server) ConfIs() bool {
	return !slices.ContainsFunc(s.files(), func(f file) bool { return !f.is() })
}

// ConfDo writes the configuration.
func (s Server) ConfDo(h *change.Hand) error {
	for _, f := range s.files() {
		if f.is() {
			continue
		}
		if err := f.put(h); err != nil {
			return err
		}
		if f.path == unitDropin {
			return h.Run("systemctl", "daemon-reload")
		}
	}
	return nil
}

func (f file) put(h *change.Hand) error {
	if f.text == "" {
		return h.Do("rm "+f.path, func() error { return undo.Remove(f.path) })
	}
	if err := h.Need(filepath.Dir(f.path)); err != nil {
		return err
	}
	return h.Write(f.path, f.text, change.Root644)
}

// ConfUndo removes the configuration: all three files are ours by their names.
func ConfUndo(notes []undo.Entry) error {
	dropin := !file{unitDropin, ""}.is()
	if err := undo.Restore(notes); err != nil {
		return err
	}
	for _, f := range (Server{}).files() {
		if err := undo.Remove(f.path); err != nil {
			return err
		}
	}
	os.Remove(layout.Etc) // if nothing else is in it
	os.Remove(filepath.Dir(unitDropin))
	if dropin {
		return systemd.Ctl("daemon-reload")
	}
	return nil
}
