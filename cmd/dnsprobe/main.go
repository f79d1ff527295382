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
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"egress-monitor/lib/cli"

	"golang.org/x/net/dns/dnsmessage"
)

type command struct {
	Timeout time.Duration `default:"2s" help:"How long to wait for the answer."`
	NoWait  bool          `help:"Send the question and wait for no answer. That a firewall refuses to pass it is no error."`
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
	id := uint16(rand.Uint32())
	question, err := pack(id, c.Name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(server))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_, err = conn.Write(question)
	if c.NoWait && errors.Is(err, os.ErrPermission) { // dropped on its way out
		err = nil
	}
	if err != nil || c.NoWait {
		return nil, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(c.Timeout)); err != nil {
		return nil, err
	}
	return answer(conn, id, question)
}

// parseServer takes an address with or without a port: 192.0.2.1, 192.0.2.1:5353, 2001:db8::1, [2001:db8::1]:5353.
func parseServer(s string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(a, 53), nil
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return ap, fmt.Errorf("%s: neither an address nor address:port", s)
	}
	return ap, nil
}

func pack(id uint16, name string) ([]byte, error) {
	n, err := dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: n, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	return m.Pack()
}

// answer waits for the answer to id. That the name does not exist is an answer, without addresses; that the server
// could not or would not find out is an error. What is not an answer to this question is passed over.
func answer(conn *net.UDPConn, id uint16, question []byte) ([]netip.Addr, error) {
	var asked dnsmessage.Message
	if err := asked.Unpack(question); err != nil {
		return nil, err
	}
	buf := make([]byte, 65535)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, err
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) != nil || m.ID != id || !m.Response || len(m.Questions) != 1 || !sameQuestion(m.Questions[0], asked.Questions[0]) {
			continue
		}
		if m.RCode != dnsmessage.RCodeSuccess && m.RCode != dnsmessage.RCodeNameError {
			return nil, fmt.Errorf("%s: the server says %s", conn.RemoteAddr(), strings.TrimPrefix(m.RCode.String(), "RCode"))
		}
		return addresses(m.Answers), nil
	}
}

func sameQuestion(a, b dnsmessage.Question) bool {
	return a.Type == b.Type && a.Class == b.Class && strings.EqualFold(a.Name.String(), b.Name.String())
}

func addresses(answers []dnsmessage.Resource) []netip.Addr {
	var addrs []netip.Addr
	for _, r := range answers {
		if a, ok := r.Body.(*dnsmessage.AResource); ok {
			addrs = append(addrs, netip.AddrFrom4(a.A))
		}
	}
	return addrs
}
