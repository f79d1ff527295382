package testtools

import (
	"net"
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// NameServer answers each question with the messages that reply returns, until the
// test is over. It returns its address on loopback.
func NameServer(t testing.TB, reply func(m *dnsmessage.Message) []*dnsmessage.Message) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	Must(t, err)
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			for _, r := range reply(&m) {
				if b, err := r.Pack(); err == nil {
					conn.WriteToUDP(b, from)
				}
			}
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// WithAddress returns the answer to a question for the IPv4 address of a name.
func WithAddress(m *dnsmessage.Message, a [4]byte) *dnsmessage.Message {
	r := *m
	r.Response = true
	r.Answers = []dnsmessage.Resource{{
		Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
		Body:   &dnsmessage.AResource{A: a},
	}}
	return &r
}
