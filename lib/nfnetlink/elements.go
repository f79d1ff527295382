package nfnetlink

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// What package unix does not name (linux/netfilter/nf_tables.h).
const (
	objTable       = 1 // NFTA_OBJ_TABLE
	objName        = 2 // NFTA_OBJ_NAME
	objType        = 3 // NFTA_OBJ_TYPE
	objData        = 4 // NFTA_OBJ_DATA
	objCounter     = 1 // NFT_OBJECT_COUNTER
	counterPackets = 2 // NFTA_COUNTER_PACKETS
)

// Counters returns the packets of the named counters of a table, by name.
func (c *Conn) Counters(family byte, table string) (packets map[string]uint64, err error) {
	answers, err := c.dump(unix.NFT_MSG_GETOBJ, family, name(objTable, table))
	packets = map[string]uint64{}
	for _, a := range answers {
		var in, named string
		var n uint64
		typ := uint32(0)
		err = each(a, func(ad *netlink.AttributeDecoder) {
			switch ad.Type() {
			case objTable:
				in = ad.String()
			case objName:
				named = ad.String()
			case objType:
				typ = ad.Uint32()
			case objData:
				ad.Nested(counted(&n))
			}
		})
		if err != nil {
			return nil, err
		}
		if in == table && typ == objCounter {
			packets[named] = n
		}
	}
	return packets, err
}

func counted(n *uint64) func(*netlink.AttributeDecoder) error {
	return func(ad *netlink.AttributeDecoder) error {
		for ad.Next() {
			if ad.Type() == counterPackets {
				*n = ad.Uint64()
			}
		}
		return nil
	}
}

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
		return nil, errors.New("netlink: a short message")
	}
	for typ, value := range attributes(body[header:]) {
		if typ != unix.NFTA_SET_ELEM_LIST_ELEMENTS {
			continue
		}
		for typ, value := range attributes(value) {
			if typ == unix.NFTA_LIST_ELEM {
				all = append(all, element(value, size))
			}
		}
	}
	return all, nil
}

func element(b []byte, size int) (e Element) {
	for typ, value := range attributes(b) {
		switch typ {
		case unix.NFTA_SET_ELEM_KEY:
			for typ, value := range attributes(value) {
				if typ == unix.NFTA_DATA_VALUE {
					copy(e.Key[:size], value)
				}
			}
		case unix.NFTA_SET_ELEM_EXPIRATION:
			e.Left = time.Duration(uint64be(value)) * time.Millisecond
		case unix.NFTA_SET_ELEM_EXPR:
			for typ, value := range attributes(value) {
				if typ == unix.NFTA_EXPR_DATA {
					for typ, value := range attributes(value) {
						if typ == counterPackets {
							e.Packets = uint64be(value)
						}
					}
				}
			}
		}
	}
	return e
}

func uint64be(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// attributes returns those of a message or of an attribute; package netlink
// would copy each.
func attributes(b []byte) func(yield func(typ uint16, value []byte) bool) {
	const nested = unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			n := int(binary.NativeEndian.Uint16(b))
			if n < 4 || n > len(b) || !yield(binary.NativeEndian.Uint16(b[2:])&^nested, b[4:n]) {
				return
			}
			b = b[min(len(b), (n+3)&^3):]
		}
	}
}
