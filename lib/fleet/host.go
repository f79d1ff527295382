// Package fleet reads what was pulled from many hosts, and finds what does not
// belong.
//
// A pulled folder has one folder for each host:
//
//	DIR/HOST/unique-domains.log        and .prev, the one before
//	DIR/HOST/unique-ips.log            and .prev
//	DIR/HOST/pull.status               time=RFC3339, state=ok|failed|reset, message=TEXT
//
// Any of it may be missing, and all of it, the names of the hosts included, is
// written by others. Hosts are read one after the other; of each only a summary
// is kept, and the names that lead to its addresses while it is read.
package fleet

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"egress-monitor/lib/sighting"
)

// Names of the files of a host.
const (
	domainsFile = "unique-domains.log"
	ipsFile     = "unique-ips.log"
	statusFile  = "pull.status"
	before      = ".prev"
)

// A Host is the summary of one.
type Host struct {
	Name string

	Domains, Addresses     int    // rows
	Questions, Connections uint64 // their counts
	Newest                 sighting.Stamp
	FirstPull              bool // there is none before it to compare with

	Direct            int // addresses that no name led to
	DirectConnections uint64
	DirectLast        sighting.Stamp
	OnlyHere          int // of these, reached directly from no other host

	NewDomains, NewAddresses int
	Allowed                  int // rows that are not looked at further

	Pulled   time.Time // when what is here was pulled
	Problems []string  // why this host may see less than there is

	status   status
	canaries [2]sighting.Stamp // the last ones, of domains and of addresses
	strayed  [2]int            // rows that belong into another file
}

// status is what the pull says of itself.
type status struct {
	time           time.Time
	state, message string
}

const (
	stateFailed = "failed"
	stateReset  = "reset"
)

// maxStatus is how much of a status is read.
const maxStatus = 4 << 10

func readStatus(dir string) (s status) {
	f, err := openRegular(filepath.Join(dir, statusFile))
	if err != nil {
		return s
	}
	defer f.Close() // was only read
	lines := bufio.NewScanner(io.LimitReader(f, maxStatus))
	for lines.Scan() {
		key, value, _ := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		switch key {
		case "time":
			s.time, _ = time.Parse(time.RFC3339, value) // else it is not known
		case "state":
			s.state = value
		case "message":
			s.message = value
		}
	}
	return s
}

// openRegular opens a file, but no device and no pipe, which might never end.
func openRegular(path string) (*os.File, error) {
	if !isRegular(path) {
		return nil, os.ErrNotExist
	}
	return os.Open(path)
}

func isRegular(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

// pulled is when the files of a host were pulled: what the status says if that
// pull was good, else the time of the newest file.
func (s status) pulled(dir string) (at time.Time) {
	if s.state != stateFailed && !s.time.IsZero() {
		return s.time
	}
	for _, name := range []string{domainsFile, ipsFile} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.ModTime().After(at) {
			at = info.ModTime()
		}
	}
	return at.UTC().Truncate(time.Second)
}
