package fleet

import (
	"bytes"

	"egress-monitor/lib/resolvers"
	"egress-monitor/lib/sighting"
)

// resolver counts a public resolver, once for each host.
func (f *Fleet) resolver(r *resolvers.Resolver, host uint32, count uint64, last sighting.Stamp) {
	s := f.Resolvers[r]
	if s == nil {
		s = &sighting.Seen{}
		f.Resolvers[r] = s
	}
	s.Again(host, count, last)
}

// appendReversed appends a name with its labels from right to left, separated
// by spaces: com example www. So names below one domain stand together, since a
// space is smaller than all bytes of a name.
func appendReversed(dst, name []byte) []byte {
	if string(name) == "." {
		return append(dst, '.')
	}
	for {
		i := bytes.LastIndexByte(name, '.')
		dst = append(dst, name[i+1:]...)
		if i < 0 {
			return dst
		}
		dst, name = append(dst, ' '), name[:i]
	}
}

// Forward is the name that was reversed.
func Forward(reversed string) string {
	name := make([]byte, 0, len(reversed))
	for rest := []byte(reversed); ; {
		i := bytes.LastIndexByte(rest, ' ')
		name = append(name, rest[i+1:]...)
		if i < 0 {
			return string(name)
		}
		name, rest = append(name, '.'), rest[:i]
	}
}
