package canary

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"egress-monitor/lib/ask"
)

// Names returns why names do not resolve, whatever the canaries say: none of the
// servers of dnsmasq's answers, or a system's resolver that validates accepts no answer.
func Names(file, name string, validates bool, as func(do func() error) error) error {
	if err := Upstream(file, name, as); err != nil {
		return fmt.Errorf("no name server that dnsmasq asks answers (%w)", err)
	}
	if !validates {
		return nil
	}
	if err := This.Validated(name); err != nil {
		return fmt.Errorf("systemd-resolved validates (DNSSEC= in resolved.conf), and accepts no answer (%w): is the clock right, and do the name servers give signatures?", err)
	}
	return nil
}

// Upstream asks the servers in dnsmasq's servers-file until one answers. If none
// does it asks all of them once more, since a datagram may be lost. as calls a
// function as dnsmasq's user, whose questions the rules do not log.
func Upstream(file, name string, as func(do func() error) error) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	servers := upstreams(string(text))
	if len(servers) == 0 {
		return fmt.Errorf("dnsmasq has no server to ask (%s)", file)
	}
	for _, patience := range []time.Duration{time.Second, 2 * time.Second} {
		if err = oneOf(servers, name, patience, as); err == nil {
			return nil
		}
	}
	return err
}

func oneOf(servers []netip.AddrPort, name string, patience time.Duration, as func(do func() error) error) error {
	var failed []error
	for _, server := range servers {
		err := as(func() error {
			_, err := ask.A(server, name, patience)
			return err
		})
		if err == nil {
			return nil
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// upstreams parses lines server=ADDRESS[%SCOPE][#PORT]. It skips servers of one
// domain (server=/DOMAIN/ADDRESS).
func upstreams(text string) (list []netip.AddrPort) {
	for line := range strings.Lines(text) {
		value, ok := strings.CutPrefix(strings.TrimSpace(line), "server=")
		if !ok || strings.HasPrefix(value, "/") {
			continue
		}
		value, _, _ = strings.Cut(value, "@") // the interface or address to ask from
		address, number, hasPort := strings.Cut(value, "#")
		a, err := netip.ParseAddr(address)
		port := uint64(ask.Port)
		if hasPort && err == nil {
			port, err = strconv.ParseUint(number, 10, 16)
		}
		if err == nil {
			list = append(list, netip.AddrPortFrom(a, uint16(port)))
		}
	}
	return list
}
