// The dnsprobe command asks one name server one question.
//
// Usage:
//
//	dnsprobe [--timeout=2s] [--no-wait] SERVER[:PORT] NAME
//
// The server is asked directly, over UDP, once: no search list, no hosts file,
// no cache and no second server can answer in its place.
package main

import (
	"fmt"
	"net/netip"
	"time"

	"egress-monitor/lib/ask"
	"egress-monitor/lib/cli"
)

type command struct {
	Timeout time.Duration `default:"2s" help:"How long to wait for the answer."`
	NoWait  bool          `help:"Send the question without waiting for an answer. A packet that a firewall drops is no error."`
	Version cli.Version   `help:"Print the version and exit."`

	Server string `arg:"" help:"Address of the server, with :PORT if it is not 53."`
	Name   string `arg:"" help:"Name whose IPv4 addresses to ask for."`
}

func main() {
	cli.Main("dnsprobe", "Ask one name server for the IPv4 addresses of a name, and print them.", &command{})
}

func (c *command) Run() error {
	server, err := parseServer(c.Server)
	if err != nil {
		return err
	}
	addrs, err := c.ask(server)
	if err != nil {
		return err
	}
	for _, a := range addrs {
		if _, err := fmt.Println(a); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) ask(server netip.AddrPort) ([]netip.Addr, error) {
	if c.NoWait {
		return nil, ask.Send(server, c.Name)
	}
	return ask.A(server, c.Name, c.Timeout)
}

// parseServer takes an address with or without a port: 192.0.2.1, 192.0.2.1:5353, 2001:db8::1, [2001:db8::1]:5353.
func parseServer(s string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(a, ask.Port), nil
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return ap, fmt.Errorf("%s: neither an address nor address:port", s)
	}
	return ap, nil
}
