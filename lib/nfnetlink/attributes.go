package nfnetlink

import (
	"bytes"
	"encoding/binary"
	"iter"
	"strings"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// attributes are those of a message or of another attribute, each with its type.
type attributes = iter.Seq2[uint16, []byte]

// attributesOf reads them. Package netlink would copy each.
func attributesOf(b []byte) attributes {
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

// inner returns the value of the last attribute of a type in another attribute; nil
// if there is none.
func inner(b []byte, typ uint16) (found []byte) {
	for t, value := range attributesOf(b) {
		if t == typ {
			found = value
		}
	}
	return found
}

func text(b []byte) string { return string(bytes.TrimRight(b, "\x00")) }

func uint32be(b []byte) uint32 {
	if len(b) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

func uint64be(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// name returns one attribute that holds a name.
func name(typ uint16, value string) []byte {
	ae := netlink.NewAttributeEncoder()
	ae.String(typ, strings.TrimRight(value, "\x00"))
	b, err := ae.Encode()
	if err != nil {
		return nil // of one short string there is none
	}
	return b
}
