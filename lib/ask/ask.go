// Package ask asks one name server one question, over UDP, once: no search
// list, no hosts file, no cache and no second server answer in its place.
package ask

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Port is where name servers listen.
const Port = 53

// A asks for the IPv4 addresses of a name. If the server answers that the name does
// not exist, A returns no addresses and no error. It returns an error if the server
// could not or would not find out, or did not answer within timeout.
func A(server netip.AddrPort, name string, timeout time.Duration) ([]netip.Addr, error) {
	return ask(server, name, dnsmessage.TypeA, timeout)
}

// Unchecked is A without validation: the question tells each resolver on its way not
// to check signatures. (systemd-resolved then passes it on unchanged.)
func Unchecked(server netip.AddrPort, name string, timeout time.Duration) ([]netip.Addr, error) {
	return ask(server, name, unchecked, timeout)
}

// unchecked is a question of type A with the bits DO and CD.
const unchecked dnsmessage.Type = 0

// typeDNSKEY is the type of the keys that sign a zone (RFC 4034).
const typeDNSKEY dnsmessage.Type = 48

// Root asks for the keys of the root: the one question to which every server that
// validates must get an answer with a signature. Any keys will do.
func Root(server netip.AddrPort, timeout time.Duration) error {
	_, err := ask(server, ".", typeDNSKEY, timeout)
	return err
}

func ask(server netip.AddrPort, name string, of dnsmessage.Type, timeout time.Duration) ([]netip.Addr, error) {
	conn, asked, err := send(server, name, of)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	return answer(conn, asked)
}

// Send sends the question and does not wait for an answer. It returns no error if a
// firewall drops the packet.
func Send(server netip.AddrPort, name string) error {
	conn, _, err := send(server, name, dnsmessage.TypeA)
	if errors.Is(err, os.ErrPermission) { // dropped on its way out
		return nil
	}
	if err != nil {
		return err
	}
	return conn.Close()
}

func send(server netip.AddrPort, name string, of dnsmessage.Type) (conn *net.UDPConn, asked dnsmessage.Message, err error) {
	asked, err = question(name, of)
	if err != nil {
		return nil, asked, fmt.Errorf("%s: %w", name, err)
	}
	packed, err := asked.Pack()
	if err != nil {
		return nil, asked, fmt.Errorf("%s: %w", name, err)
	}
	if conn, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(server)); err != nil {
		return nil, asked, err
	}
	if _, err = conn.Write(packed); err != nil {
		conn.Close()
	}
	return conn, asked, err
}

func question(name string, of dnsmessage.Type) (m dnsmessage.Message, err error) {
	n, err := dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		return m, err
	}
	m.Header = dnsmessage.Header{ID: uint16(rand.Uint32()), RecursionDesired: true}
	m.Questions = []dnsmessage.Question{{Name: n, Type: of, Class: dnsmessage.ClassINET}}
	if of == unchecked {
		m.Questions[0].Type, m.CheckingDisabled = dnsmessage.TypeA, true
		var opt dnsmessage.ResourceHeader
		err = opt.SetEDNS0(maxSize, dnsmessage.RCodeSuccess, true)
		m.Additionals = []dnsmessage.Resource{{Header: opt, Body: &dnsmessage.OPTResource{}}}
	}
	return m, err
}

const maxSize = 1232 // of an answer: it needs no fragments

// answer waits for the answer. It ignores packets that are not an answer to what was
// asked.
func answer(conn *net.UDPConn, asked dnsmessage.Message) ([]netip.Addr, error) {
	buf := make([]byte, 65535)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, err
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) != nil || m.ID != asked.ID || !m.Response || len(m.Questions) != 1 || !sameQuestion(m.Questions[0], asked.Questions[0]) {
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
