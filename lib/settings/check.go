package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// take sets the settings that the file assigns. Of several of one name the last one
// counts, and an empty value is the default. Then it checks the folders together.
func (s *Settings) take(vars []variable) *Error {
	last := map[string]variable{}
	for _, v := range vars {
		last[v.Name] = v
	}
	for _, v := range vars {
		if v != last[v.Name] || v.Value == "" || !strings.HasPrefix(v.Name, "EGRESS_") {
			continue
		}
		if err := s.set(v); err != nil {
			return &Error{Line: v.line, Setting: v.Name, Text: err.Error()}
		}
	}
	if last["EGRESS_DNSMASQ_LOG"].Value == "" {
		s.DNSMasqLog = s.LogDir + "/dnsmasq/dnsmasq.log"
	}
	if name, err := s.checkFolders(); err != nil {
		return &Error{Line: max(1, last[name].line), Setting: name, Text: err.Error()}
	}
	return nil
}

// A field is a setting, by its name.
type field struct {
	name string
	set  func(text string) error // parses the text of the file
	get  func() string           // returns the value as text
}

// of returns the field for a value, which parse makes of a text.
func of[T any](name string, value *T, parse func(string) (T, error)) field {
	return field{name,
		func(text string) (err error) { *value, err = parse(text); return err },
		func() string { return fmt.Sprint(*value) }}
}

// fields lists all settings but those that only the pipelines know.
func (s *Settings) fields() []field {
	return []field{
		of("EGRESS_LOG_DIR", &s.LogDir, folder),
		of("EGRESS_STATE_DIR", &s.StateDir, folder),
		of("EGRESS_DNSMASQ_LOG", &s.DNSMasqLog, folder),
		of("EGRESS_LISTEN", &s.Listen, loopback),
		of("EGRESS_LISTEN_ALSO", &s.ListenAlso, addresses),
		of("EGRESS_PREFIX", &s.Prefix, prefix),
		of("EGRESS_SOURCE", &s.Source, source),
		of("EGRESS_RECOUNT", &s.Recount, yes),
		of("EGRESS_FORWARD", &s.Forward, yes),
		of("EGRESS_ALLOW_PLAIN_DNS", &s.AllowPlainDNS, yes),
		of("EGRESS_PROBE_NAME", &s.ProbeName, hostName),
		of("EGRESS_MAX_ROWS", &s.MaxRows, number),
		of("EGRESS_MAX_IPS", &s.MaxIPs, several),
	}
}

func (s *Settings) set(v variable) error {
	for _, f := range s.fields() {
		if f.name == v.Name {
			return f.set(v.Value)
		}
	}
	s.Rest = append(s.Rest, v)
	return nil
}

// Unlike returns the names of the settings that differ in other.
func (s Settings) Unlike(other Settings) (names []string) {
	theirs := other.fields()
	for i, f := range s.fields() {
		if f.get() != theirs[i].get() {
			names = append(names, f.name)
		}
	}
	return names
}

func source(value string) (Source, error) {
	if s := Source(value); s == Log || s == Set {
		return s, nil
	}
	return "", fmt.Errorf("%q: log or set", value)
}

func yes(value string) (bool, error) {
	if value != "yes" && value != "no" {
		return false, fmt.Errorf("%q: yes or no", value)
	}
	return value == "yes", nil
}

func number(value string) (int, error) {
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil || len(value) > 9 {
		return 0, fmt.Errorf("%q: not a number of up to nine digits", value)
	}
	return int(n), nil
}

func several(value string) (int, error) {
	n, err := number(value)
	if err == nil && n == 1 {
		err = errors.New("1: at least 2, or 0")
	}
	return n, err
}

func loopback(value string) (netip.Addr, error) {
	a, err := netip.ParseAddr(value)
	switch {
	case err != nil || !a.Is4():
		return a, fmt.Errorf("%q: not an IPv4 address", value)
	case !a.IsLoopback():
		return a, fmt.Errorf("%s: not a loopback address (127.x.y.z)", a)
	}
	return a, notResolveds(a)
}

// notResolveds refuses the addresses on which systemd-resolved listens.
func notResolveds(a netip.Addr) error {
	if a == netip.AddrFrom4([4]byte{127, 0, 0, 53}) || a == netip.AddrFrom4([4]byte{127, 0, 0, 54}) {
		return fmt.Errorf("%s: systemd-resolved's own address", a)
	}
	return nil
}

func addresses(value string) (list []netip.Addr, err error) {
	for _, word := range strings.FieldsFunc(value, func(c rune) bool { return c == ' ' || c == ',' }) {
		a, err := netip.ParseAddr(word)
		if err != nil || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() {
			return nil, fmt.Errorf("%q: not an address that one interface has", word)
		}
		if err := notResolveds(a); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// prefix: the kernel keeps 29 bytes and cuts in silence; journald drops blanks in
// front of a line.
func prefix(value string) (string, error) {
	if len(value) > 29 {
		return "", fmt.Errorf("longer than 29 bytes")
	}
	if value[0] == ' ' {
		return "", fmt.Errorf("%q: begins with a blank", value)
	}
	return value, only(value, "_.: -", "only letters, digits, blank and _ . : -")
}

func hostName(value string) (string, error) {
	if len(value) > 253 {
		return "", fmt.Errorf("longer than 253 bytes")
	}
	return value, only(value, "._-", "not a name")
}

// only refuses all but letters, digits and some more.
func only(value, more, text string) error {
	for i := range len(value) {
		if c := value[i]; !digit(c) && !(letter(c) && c != '_') && strings.IndexByte(more, c) < 0 {
			return fmt.Errorf("%q: %s", value, text)
		}
	}
	return nil
}
