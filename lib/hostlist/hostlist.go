// Package hostlist reads the list of hosts that a collector pulls.
//
// A line is a name, and where to find the host unless that is the name too:
//
//	web1 egress-collect@web1.example.org
//	db1  egress-collect@[2001:db8::7]:2222  # the standby
//
// "#" begins a comment. A line may end as on Windows, in CR LF, and a byte order
// mark may come before the first one. Each part has a strict form of its own:
// names become folders, and addresses arguments of ssh.
package hostlist

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Host is one line of the list.
type Host struct {
	Name string
	User string // "" if none is named
	Addr string // a name, an IPv4 address, or an IPv6 address in brackets
	Port string // "" if none is named
}

// A List is the content of a file.
type List struct {
	Hosts []Host
	Bad   []Bad // lines that are no host
}

// A Bad line is one that cannot be understood.
type Bad struct {
	Line int
	Why  error
}

func (b Bad) Error() string { return fmt.Sprintf("line %d of the hosts: %v", b.Line, b.Why) }

var (
	errWords   = errors.New("more than a name and an address")
	errName    = errors.New("not the name of a host")
	errAddress = errors.New("not an address: [user@]host[:port]")
	errTwice   = errors.New("a name that was there before")
	errLong    = errors.New("too long")
)

// maxLine is the longest line that is read; a name has 128 bytes at most.
const maxLine = 4096

// Read reads a list to its end.
func Read(r io.Reader) (list List, err error) {
	in, seen := bufio.NewReaderSize(r, maxLine), map[string]bool{}
	for n := 1; ; n++ {
		line, err := readLine(in)
		if err != nil && err != errLong {
			if err == io.EOF {
				err = nil
			}
			return list, err
		}
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		host, why := parse(line)
		switch {
		case err == errLong:
			why = errLong
		case why == nil && host.Name != "" && seen[host.Name]:
			why = errTwice
		}
		if why != nil {
			list.Bad = append(list.Bad, Bad{n, why})
		} else if host.Name != "" {
			seen[host.Name] = true
			list.Hosts = append(list.Hosts, host)
		}
	}
}

// readLine reads a line without its end. The last one may lack its line feed.
func readLine(in *bufio.Reader) (string, error) {
	text, err := in.ReadSlice('\n')
	line := string(text)
	for err == bufio.ErrBufferFull {
		if _, err = in.ReadSlice('\n'); err != bufio.ErrBufferFull {
			return line, errLong
		}
	}
	if err == io.EOF && line != "" {
		err = nil
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), err
}

// parse reads a line; a Host without a name is an empty one.
func parse(line string) (Host, error) {
	line, _, _ = strings.Cut(line, "#")
	words := strings.FieldsFunc(line, func(c rune) bool { return c == ' ' || c == '\t' })
	switch {
	case len(words) == 0:
		return Host{}, nil
	case len(words) > 2:
		return Host{}, errWords
	case !IsName(words[0]):
		return Host{}, errName
	}
	host, ok := splitAddress(words[len(words)-1])
	if !ok {
		return Host{}, errAddress
	}
	host.Name = words[0]
	return host, nil
}
