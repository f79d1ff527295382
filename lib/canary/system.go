package canary

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"

	"egress-monitor/lib/ask"
)

// A System holds the names of the files that choose the servers programs ask.
type System struct {
	ResolvConf string
	NSSwitch   string
}

// This is the System of this machine.
var This = System{ResolvConf: "/etc/resolv.conf", NSSwitch: "/etc/nsswitch.conf"}

// stub is the address of systemd-resolved, the resolver that programs also reach by
// nss-resolve(8).
var stub = netip.AddrFrom4([4]byte{127, 0, 0, 53})

// Ask asks for a name as programs do: the server of resolv.conf (each of its
// servers, if programs take them in turn), and systemd-resolved, if the library
// asks that before. Each must answer as our dnsmasq does.
func (s System) Ask(name string) error {
	servers, err := s.servers()
	if err != nil {
		return err
	}
	for _, server := range servers {
		// A server elsewhere is not asked: the question would be a connection.
		if !local(server) {
			return fmt.Errorf("%s asks %s", s.ResolvConf, server)
		}
		if err := Ask(netip.AddrPortFrom(server, ask.Port), name); err != nil {
			return err
		}
	}
	if slices.Contains(servers, stub) || !s.asksResolved() {
		return nil
	}
	err = Ask(netip.AddrPortFrom(stub, ask.Port), name)
	if errors.Is(err, syscall.ECONNREFUSED) { // systemd-resolved does not run, and the library goes on
		return nil
	}
	return err
}

// First returns the server that a program without systemd-resolved's own library
// asks.
func (s System) First() netip.AddrPort {
	servers, err := s.servers()
	if err != nil {
		servers = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	return netip.AddrPortFrom(servers[0], ask.Port)
}

// Validated asks for the keys of the root, as programs ask. A resolver that validates
// gives no answer if it gets no signatures, or cannot check them. (No canary tells
// that: .test is not signed.) If it gives none, the name must fail as well: an admin may
// have exempted all names that matter. The name has a row, and so is asked only then.
func (s System) Validated(name string) error {
	server := s.First()
	for range 2 {
		if ask.Root(server, patience) == nil {
			return nil
		}
	}
	_, err := ask.A(server, name, patience)
	return err
}

// most is how many servers the C library reads from resolv.conf (MAXNS).
const most = 3

// servers returns the first server of resolv.conf(5), or with "options rotate",
// by which programs ask a second server as often as the first, all that count.
// Without any it is the name server on this machine.
func (s System) servers() (list []netip.Addr, err error) {
	text, err := read(s.ResolvConf)
	if err != nil {
		return nil, err
	}
	rotate := false
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch {
		case len(f) < 2:
		case f[0] == "options":
			rotate = rotate || slices.Contains(f, "rotate")
		case f[0] == "nameserver" && len(list) < most:
			if a, err := netip.ParseAddr(f[1]); err == nil {
				list = append(list, a)
			}
		}
	}
	switch {
	case len(list) == 0:
		list = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	case !rotate:
		list = list[:1]
	}
	return list, nil
}

// asksResolved reports whether the hosts line of nsswitch.conf(5) names
// nss-resolve.
func (s System) asksResolved() bool {
	text, err := read(s.NSSwitch)
	if err != nil {
		return false
	}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) > 1 && f[0] == "hosts:" {
			return slices.Contains(f, "resolve")
		}
	}
	return false
}

// read returns the first 64 KiB of a file; nothing if there is none.
func read(name string) (string, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(bufio.NewReader(f), 64<<10))
	return string(text), err
}

// local reports whether an address belongs to this machine.
func local(a netip.Addr) bool {
	if a.IsLoopback() || a.IsUnspecified() {
		return true
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, own := range all {
		if n, ok := own.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(n.IP); ok && addr.Unmap() == a.Unmap().WithZone("") {
				return true
			}
		}
	}
	return false
}
