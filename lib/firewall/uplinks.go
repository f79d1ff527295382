package firewall

import (
	"bufio"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Uplinks are the devices that lead out: a packet forwarded to one of them leaves
// the machine.
type Uplinks struct{ IPv4, IPv6 []string }

func (fam family) uplinks(u Uplinks) []string {
	if fam == ip4 {
		return u.IPv4
	}
	return u.IPv6
}

// FindUplinks returns the devices of default routes in the main routing tables, and
// of the two halves of one (0.0.0.0/1, 128.0.0.0/1) that VPNs add.
func FindUplinks() Uplinks { return findUplinks("/proc/thread-self/net") }

func findUplinks(dir string) Uplinks {
	return Uplinks{devices(dir+"/route", default4), devices(dir+"/ipv6_route", default6)}
}

// devices returns the devices of the lines that are default routes, sorted.
func devices(file string, isDefault func(fields []string) (dev string, ok bool)) (devs []string) {
	f, err := os.Open(file)
	if err != nil {
		return nil // no IPv6
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		dev, ok := isDefault(strings.Fields(lines.Text()))
		if ok && dev != "lo" && validDevice(dev) && !slices.Contains(devs, dev) {
			devs = append(devs, dev)
		}
	}
	slices.Sort(devs)
	return devs
}

// default4 parses a line of /proc/net/route (fib_route_seq_show): the device,
// and in hexadecimal destination, gateway, flags, …, mask (field 8).
func default4(fields []string) (string, bool) {
	if len(fields) < 8 {
		return "", false
	}
	mask, err := strconv.ParseUint(fields[7], 16, 32)
	return fields[0], err == nil && (mask == 0 || mask == 0x80 || mask == 0x80000000)
}

// default6 parses a line of /proc/net/ipv6_route (rt6_info_route in net/ipv6):
// destination, its prefix length, …, the device last. A reject route has device lo.
func default6(fields []string) (string, bool) {
	if len(fields) < 10 {
		return "", false
	}
	return fields[9], fields[1] == "00" || fields[1] == "01"
}

// validDevice reports whether a device's name can be put into a rule as it is.
// The kernel allows nearly all; a plus sign at the end would match others.
func validDevice(dev string) bool {
	for _, c := range []byte(dev) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_.-@:", c) >= 0) {
			return false
		}
	}
	return dev != "" && len(dev) <= 15 && dev[0] != '-'
}
