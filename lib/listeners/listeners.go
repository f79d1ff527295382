// Package listeners finds the name servers that run on this machine: who
// listens on port 53.
//
// Such a program asks name servers outside by itself: it is no way round the
// system's resolver, although its questions look like one. So questions of its
// user to port 53 can be left out of what is logged. That hides what anything
// else of that user asks of any name server, so it is done only for an account
// that is made for one program, and never for root or a person's:
//
//   - 0 < uid < 1000, and not nobody, whom others share;
//   - no other program ran as that user when the socket was first seen;
//   - to listen on port 53 needs a privilege here, so root has meant it.
//
// One that was left out stays so for a day after it was seen last (kept.go).
// All others are told of, with the reason, so that the rows of their servers
// can be understood.
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
	User    string // or the number, if it has no name
	Addrs   []string
	LeftOut bool   // its questions need not be logged
	Why     string // the reason why they are, or are not
}

// A Finder looks at one machine.
type Finder struct {
	Proc  string // "" is /proc
	Cache string // a file for what was found; "": none
	Kept  string // a file for who is left out, which outlives a boot; "": none

	user func(uid int) string
	now  func() time.Time
}

// Resolvers lists them, by user and program. Who holds a socket takes a look
// at all descriptors of all processes, so that is done only when the sockets
// are others than the last time.
func (f *Finder) Resolvers() ([]Resolver, error) {
	found, err := f.here()
	if err != nil {
		return nil, err
	}
	return f.keep(found), nil
}

// here lists those that listen now.
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

// A socket is one that listens on port 53.
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
// State 07 is one that is not connected. A name server has one of UDP, if of
// TCP or not; and the list of TCP may be long.
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

// address reads words of 32 bits in the machine's own order.
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
