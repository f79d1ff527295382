package countset

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"egress-monitor/lib/nfnetlink"
)

// list returns a listing of a generation in the form of nft -j. It uses netlink:
// nft takes a second and 120 MB for a full set, cuts times to whole seconds, and
// cannot know whether the kernel's answer was complete (see nfnetlink.Elements).
func list(g uint64) ([]byte, error) {
	c, err := nfnetlink.Dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	seen, err := c.Counters(nfnetlink.Inet, table)
	if err != nil {
		return nil, err
	}
	b := []byte(`{"nftables": [{"metainfo": {"json_schema_version": 1}}`)
	for _, v := range versions {
		n, ok := seen[v.counter(g)]
		if !ok {
			return nil, fmt.Errorf("counter %s is gone", v.counter(g))
		}
		all, err := settled(c, v, g, n)
		if err != nil {
			return nil, fmt.Errorf("set %s: %w", v.set(g), err)
		}
		b = appendSet(b, v, g, all)
		b = fmt.Appendf(b, `, {"counter": {"family": "inet", "table": "%s", "name": "%s", "packets": %d}}`, table, v.counter(g), n)
	}
	return append(b, "]}\n"...), nil
}

// settled lists a set until the sum of its elements is seen, or until two answers
// are the same: then there are no more.
func settled(c *nfnetlink.Conn, v version, g, seen uint64) ([]nfnetlink.Element, error) {
	size, sum := -1, uint64(0)
	for {
		all, err := c.Elements(nfnetlink.Inet, table, v.set(g), v.size)
		if err != nil {
			return nil, err
		}
		now := uint64(0)
		for _, e := range all {
			now += e.Packets
		}
		if now == seen || len(all) == size && now == sum {
			return all, nil
		}
		size, sum = len(all), now
		time.Sleep(20 * time.Millisecond)
	}
}

func appendSet(b []byte, v version, g uint64, all []nfnetlink.Element) []byte {
	b = fmt.Appendf(b, `, {"set": {"family": "inet", "name": "%s", "table": "%s", "type": "%s", "timeout": %d, "elem": [`,
		v.set(g), table, v.typ, remembered)
	for i, e := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, "\n"+`{"elem": {"val": "`...)
		if v.size == 4 {
			b = netip.AddrFrom4([4]byte(e.Key[:4])).AppendTo(b)
		} else {
			b = netip.AddrFrom16(e.Key).AppendTo(b)
		}
		b = append(b, `", "expires": `...)
		b = strconv.AppendFloat(b, e.Left.Seconds(), 'f', 3, 64)
		b = append(b, `, "counter": {"packets": `...)
		b = strconv.AppendUint(b, e.Packets, 10)
		b = append(b, "}}}"...)
	}
	return append(b, "]}}"...)
}
