// Package listeners finds the name servers that run on this machine: the programs
// that listen on port 53.
//
// Such a program asks name servers outside by itself. Its questions look like those
// of a program that goes round the system's resolver, but are not. So the questions
// of its user to port 53 can be left out of the log. That also hides the questions of
// any other program of that user, so it is done only for an account that is made
// for one program, and never for root's or a person's:
//
//   - 0 < uid < 1000, and not nobody, which programs share;
//   - no other program ran as that user when the socket was first seen;
//   - to listen on port 53 needs a privilege, so root has allowed it.
//
// A program stays left out for a day after it was seen last (kept.go). The others
// are reported with the reason, which explains the rows of the servers they ask.
package listeners

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Resolver is a program that listens on port 53.
type Resolver struct {
	Program string // its file's name
	PID     int
	UID     int
	User    string // its name, or its number if it has no name
	Addrs   []string
	LeftOut bool   // its questions need not be logged
	Why     string // the reason for LeftOut
}

// A Finder finds the name servers of a machine.
type Finder struct {
	Proc  string // "" is /proc
	Cache string // a file for the last result; "": none
	Kept  string // a file for the resolvers that are left out, which outlives a boot; "": none

	user func(uid int) string
	now  func() time.Time
}

// Resolvers returns the name servers, sorted by user and program. To find the holder
// of a socket it has to read all descriptors of all processes, so it does this only
// if the sockets have changed since the last call.
func (f *Finder) Resolvers() ([]Resolver, error) {
	found, err := f.here()
	if err != nil {
		return nil, err
	}
	return f.keep(found), nil
}

// here returns the name servers that listen now.
func (f *Finder) here() ([]Resolver, error) {
	sockets, err := f.sockets()
	if err != nil || len(sockets) == 0 {
		return nil, err
	}
	key := keyOf(sockets)
	if found, ok := f.cached(key); ok {
		return found, nil
	}
	found, err := f.holders(sockets)
	if err != nil {
		return nil, err
	}
	f.judge(found)
	f.cache(key, found)
	return found, nil
}

// A socket is a socket that listens on port 53.
type socket struct {
	inode uint64
	addr  netip.Addr
}

func keyOf(sockets []socket) string {
	var b strings.Builder
	for _, s := range sockets {
		fmt.Fprintf(&b, "%d %s\n", s.inode, s.addr)
	}
	return b.String()
}

// sockets reads /proc/net/udp and udp6 (udp4_format_sock, udp6_sock_seq_show):
//
//	sl  local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
//	 9: 3500007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 8423 …
//
// State 07 is a socket that is not connected. Every name server has a UDP socket;
// the list of TCP sockets may be long, and is not read.
func (f *Finder) sockets() (found []socket, err error) {
	for _, name := range []string{"net/udp", "net/udp6"} {
		file, err := os.Open(f.path("thread-self", name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			if s, ok := parse(strings.Fields(lines.Text())); ok {
				found = append(found, s)
			}
		}
		file.Close()
		if err := lines.Err(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b socket) int { return int(int64(a.inode) - int64(b.inode)) })
	return found, nil
}

func parse(fields []string) (s socket, ok bool) {
	if len(fields) < 10 || fields[3] != "07" {
		return s, false
	}
	text, port, _ := strings.Cut(fields[1], ":")
	inode, err := strconv.ParseUint(fields[9], 10, 64)
	addr, ok := address(text)
	return socket{inode, addr}, ok && port == "0035" && err == nil && inode != 0
}

// address parses an address of 32-bit words in the machine's byte order.
func address(text string) (netip.Addr, bool) {
	var b []byte
	for ; len(text) >= 8; text = text[8:] {
		word, err := strconv.ParseUint(text[:8], 16, 32)
		if err != nil {
			return netip.Addr{}, false
		}
		b = native.AppendUint32(b, uint32(word))
	}
	return netip.AddrFromSlice(b)
}

func (f *Finder) path(name ...string) string {
	proc := f.Proc
	if proc == "" {
		proc = "/proc"
	}
	return filepath.Join(append([]string{proc}, name...)...)
}

func (f *Finder) userName(uid int) string {
	if f.user != nil {
		return f.user(uid)
	}
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}
