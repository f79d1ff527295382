// Package settings reads /etc/default/egress-monitor, without a shell.
//
// The file is assignments as sh knows them, one or more a line:
//
//	# comment
//	EGRESS_LISTEN=127.0.0.55
//	export EGRESS_PREFIX='EGRESS: '
//	EGRESS_DNSMASQ_LOG="$EGRESS_LOG_DIR/dnsmasq/dnsmasq.log"
//
// '…', "…" and the backslash quote as in sh; $NAME and ${NAME} are replaced by the
// value that an earlier line has assigned. All else, a command above all, is an error
// with its line. The two pipelines, run by hand, read the same file with sh, and so
// it must mean the same here.
package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"egress-monitor/lib/layout"
)

// A Source is the source of new connections.
type Source string

const (
	Log Source = "log" // LOG rules of iptables, read from the journal
	Set Source = "set" // sets of nftables, which count in the kernel
)

// Settings holds the admin's choices. All are checked: they can
// be put into a configuration file or a firewall rule as it is.
type Settings struct {
	LogDir     string // EGRESS_LOG_DIR: the two files
	StateDir   string // EGRESS_STATE_DIR: cursors and locks
	DNSMasqLog string // EGRESS_DNSMASQ_LOG: the query log, in a folder of its own

	Listen     netip.Addr   // EGRESS_LISTEN: the loopback address of our dnsmasq
	ListenAlso []netip.Addr // EGRESS_LISTEN_ALSO: more addresses, for containers

	Prefix    string // EGRESS_PREFIX: what the LOG lines begin with
	Source    Source // EGRESS_SOURCE
	Recount   bool   // EGRESS_RECOUNT: count beside the log, and add what it lost
	Forward   bool   // EGRESS_FORWARD: what is forwarded counts too
	ProbeName string // EGRESS_PROBE_NAME: asked to prove that names resolve

	AllowPlainDNS bool // EGRESS_ALLOW_PLAIN_DNS
	MaxRows       int  // EGRESS_MAX_ROWS: of a file, before it is folded; 0: never
	MaxIPs        int  // EGRESS_MAX_IPS: of a name, before they are folded; 0: never

	Rest []variable `json:",omitempty"` // EGRESS_ names that the pipelines may know, as they are
}

// Default returns the settings of an empty file.
func Default() Settings {
	return Settings{
		LogDir:     "/var/log/egress-monitor",
		StateDir:   "/var/lib/egress-monitor",
		DNSMasqLog: "/var/log/egress-monitor/dnsmasq/dnsmasq.log",
		Listen:     netip.AddrFrom4([4]byte{127, 0, 0, 55}),
		Prefix:     "EGRESS: ",
		Source:     Log,
		ProbeName:  "example.com",
		MaxRows:    100000,
		MaxIPs:     1000,
	}
}

// LogFolder returns the folder of the query log.
func (s *Settings) LogFolder() string { return path.Dir(s.DNSMasqLog) }

// Domains and IPs are the two files.
func (s *Settings) Domains() string { return s.LogDir + "/unique-domains.log" }
func (s *Settings) IPs() string     { return s.LogDir + "/unique-ips.log" }

// InSet reports whether a set of nftables counts connections, and Logs whether
// rules log them. If both do, the polls read the set.
func (s *Settings) InSet() bool { return s.Source == Set || s.Recount }
func (s *Settings) Logs() bool  { return s.Source == Log || s.Recount }

// Cursor returns the name of the cursor file of the poll of domains or ips.
func (s *Settings) Cursor(what string) string {
	if what == "ips" && s.InSet() {
		what = "set"
	}
	return s.StateDir + "/" + what + ".cursor"
}

const maxSize = 1 << 20 // of the file

// Load reads the settings file. With an error it returns the defaults, so that disable
// works in any case: it follows the undo journal. A missing file is no error. The
// environment does not count: cron must use the same settings as enable.
func Load() (Settings, error) { return Read(layout.Defaults) }

// Read is Load for the file of that name.
func Read(name string) (Settings, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a FIFO must not hold up disable
	if errors.Is(err, fs.ErrNotExist) {
		return Default(), nil
	}
	if err != nil {
		return Default(), err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return Default(), errors.Join(err, fmt.Errorf("%s: not a regular file", name))
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return Default(), err
	}
	return Parse(name, text)
}

// Parse is Read for a file's text. An error names the file, the line and, if one is
// wrong, the setting.
func Parse(name string, text []byte) (Settings, error) {
	if len(text) > maxSize {
		return Default(), &Error{File: name, Line: 1, Text: "the file is larger than 1 MiB"}
	}
	vars, err := assignments(string(text))
	if err == nil {
		s := Default()
		if err = s.take(vars); err == nil {
			return s, nil
		}
	}
	err.File = name
	return Default(), err
}

// An Error is a fault of the file, in one line.
type Error struct {
	File    string
	Line    int
	Setting string // the name, if a setting's value is wrong
	Text    string
}

func (e *Error) Error() string {
	where := e.File + ": line " + strconv.Itoa(e.Line) + ": "
	if e.Setting != "" {
		where += e.Setting + ": "
	}
	return where + e.Text
}

// Environ returns the settings as the pipelines' environment, which then need
// not read the file. Our dnsmasq's times are UTC.
func (s *Settings) Environ() []string {
	env := []string{
		"EGRESS_SETTINGS=/dev/null",
		"EGRESS_LOG_DIR=" + s.LogDir,
		"EGRESS_STATE_DIR=" + s.StateDir,
		"EGRESS_DNSMASQ_LOG=" + s.DNSMasqLog,
		"EGRESS_DNSMASQ_TZ=UTC",
		"EGRESS_PREFIX=" + s.Prefix,
		"EGRESS_SOURCE=" + string(s.Source),
		"EGRESS_MAX_ROWS=" + strconv.Itoa(s.MaxRows),
		"EGRESS_MAX_IPS=" + strconv.Itoa(s.MaxIPs),
	}
	for _, v := range s.Rest {
		if v.Name != "EGRESS_DNSMASQ_TZ" && v.Name != "EGRESS_SETTINGS" {
			env = append(env, v.Name+"="+v.Value)
		}
	}
	return env
}

// ForPolls returns the settings in force, with the settings of the file now that only
// the pipelines use.
func (s Settings) ForPolls(now Settings) Settings {
	s.MaxRows, s.MaxIPs, s.Rest = now.MaxRows, now.MaxIPs, now.Rest
	return s
}

// Unknown lists EGRESS_ names in the file that nothing is known of: perhaps a
// later version's, perhaps a slip of the pen.
func (s *Settings) Unknown() (names []string) {
	for _, v := range s.Rest {
		if !slices.Contains(pipelines, v.Name) {
			names = append(names, v.Name)
		}
	}
	return names
}

// pipelines are the settings that only the pipelines in cron.d know.
var pipelines = strings.Fields("EGRESS_DNSMASQ_OLDDIR EGRESS_DNSMASQ_TZ EGRESS_NOW EGRESS_JOURNALCTL EGRESS_LIB EGRESS_SETTINGS")
