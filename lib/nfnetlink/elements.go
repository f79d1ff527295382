package nfnetlink

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// An Element is an address of a set: its packets, and how long it has left.
type Element struct {
	Key     [16]byte // the first 4 for IPv4
	Packets uint64
	Left    time.Duration
}

// Elements lists a set, whose keys are size bytes long. It reads with a large
// buffer: the kernel walks through the set from its beginning for each message
// of an answer (nft_rhash_walk), and makes them no larger than the largest
// buffer that it was read with.
//
// While the set's table of hashes grows or shrinks, which the kernel does in
// the background, an answer can miss elements or hold some twice.
func (c *Conn) Elements(family byte, table, set string, size int) (all []Element, err error) {
	for range 20 {
		all, err = c.elements(family, table, set, size)
		if !errors.Is(err, errInterrupted) {
			return all, err
		}
	}
	return nil, err
}

var errInterrupted = errors.New("nf_tables changes all the time")

func (c *Conn) elements(family byte, table, set string, size int) (all []Element, err error) {
	raw, err := c.nl.SyscallConn()
	if err != nil {
		return nil, err
	}
	_, err = c.nl.Send(netlink.Message{
		Header: netlink.Header{Type: unix.NFNL_SUBSYS_NFTABLES<<8 | unix.NFT_MSG_GETSETELEM, Flags: netlink.Request | netlink.Dump},
		Data: append(append([]byte{family, unix.NFNETLINK_V0, 0, 0}, name(unix.NFTA_SET_ELEM_LIST_TABLE, table)...),
			name(unix.NFTA_SET_ELEM_LIST_SET, set)...),
	})
	if err != nil {
		return nil, err
	}
	buf, interrupted := make([]byte, 64<<10), false
	for done := false; !done; {
		n := 0
		var got error
		err := raw.Read(func(fd uintptr) bool {
			n, _, got = unix.Recvfrom(int(fd), buf, 0)
			return got != unix.EAGAIN
		})
		if err = errors.Join(err, got); err != nil {
			return nil, fmt.Errorf("netlink: %w", err)
		}
		all, done, err = appendElements(all, buf[:n], size, &interrupted)
		if err != nil {
			return nil, err
		}
	}
	if interrupted {
		return nil, errInterrupted
	}
	return all, nil
}

// appendElements reads what was received: messages, the last of which ends the
// answer.
func appendElements(all []Element, b []byte, size int, interrupted *bool) (_ []Element, done bool, err error) {
	for len(b) >= unix.NLMSG_HDRLEN {
		n := int(binary.NativeEndian.Uint32(b))
		if n < unix.NLMSG_HDRLEN || n > len(b) {
			return nil, true, errors.New("netlink: a broken message")
		}
		typ, flags := binary.NativeEndian.Uint16(b[4:]), binary.NativeEndian.Uint16(b[6:])
		*interrupted = *interrupted || flags&unix.NLM_F_DUMP_INTR != 0
		body := b[unix.NLMSG_HDRLEN:n]
		switch typ {
		case unix.NLMSG_DONE, unix.NLMSG_ERROR:
			if len(body) >= 4 {
				if code := int32(binary.NativeEndian.Uint32(body)); code != 0 {
					return nil, true, unix.Errno(-code)
				}
			}
			return all, true, nil
		default:
			if all, err = elementList(all, body, size); err != nil {
				return nil, true, err
			}
		}
		b = b[min(len(b), (n+3)&^3):]
	}
	return all, false, nil
}

func elementList(all []Element, body []byte, size int) ([]Element, error) {
	if len(body) < header {
		return nil, errShort
	}
	for typ, value := range attributesOf(body[header:]) {
		if typ != unix.NFTA_SET_ELEM_LIST_ELEMENTS {
			continue
		}
		for typ, value := range attributesOf(value) {
			if typ == unix.NFTA_LIST_ELEM {
				all = append(all, element(value, size))
			}
		}
	}
	return all, nil
}

func element(b []byte, size int) (e Element) {
	for typ, value := range attributesOf(b) {
		switch typ {
		case unix.NFTA_SET_ELEM_KEY:
			copy(e.Key[:size], inner(value, unix.NFTA_DATA_VALUE))
		case unix.NFTA_SET_ELEM_EXPIRATION:
			e.Left = time.Duration(uint64be(value)) * time.Millisecond
		case unix.NFTA_SET_ELEM_EXPR:
			e.Packets = uint64be(inner(inner(value, unix.NFTA_EXPR_DATA), counterPackets))
		}
	}
	return e
}
