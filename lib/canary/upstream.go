package canary

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"egress-monitor/lib/ask"
	"egress-monitor/lib/upstream"
)

// Names returns why names do not resolve, without the canaries: no server of
// dnsmasq answers, or a system's resolver that validates accepts no answer.
func Names(facts upstream.Facts, name string, as func(do func() error) error) error {
	if err := anyServer(facts.Servers, name, as); err != nil {
		return fmt.Errorf("no name server that dnsmasq asks answers (%w)", err)
	}
	if !facts.Validates {
		return nil
	}
	if err := This.Validated(name); err != nil {
		return fmt.Errorf("systemd-resolved validates (DNSSEC= in resolved.conf), and accepts no answer (%w): is the clock right, and do the name servers give signatures?", err)
	}
	return nil
}

// anyServer asks servers until one answers. If none does it asks all of them once more,
// since a datagram may be lost. as calls a function as dnsmasq's user, whose questions
// the rules do not log.
func anyServer(words []string, name string, as func(do func() error) error) (err error) {
	servers := upstreams(words)
	if len(servers) == 0 {
		return errors.New("dnsmasq has no server to ask")
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

// upstreams parses ADDRESS[%SCOPE][#PORT], as dnsmasq's servers-file has them.
func upstreams(words []string) (list []netip.AddrPort) {
	for _, word := range words {
		word, _, _ = strings.Cut(word, "@") // the interface or address to ask from
		address, number, hasPort := strings.Cut(word, "#")
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
