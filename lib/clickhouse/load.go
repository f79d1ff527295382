package clickhouse

import (
	"bufio"
	"errors"
	"io/fs"

	"egress-monitor/lib/baseline"
	"egress-monitor/lib/join"
	"egress-monitor/lib/resolvers"
)

// A Loader loads what was pulled into a folder.
type Loader struct {
	Client    Client
	Dir       string
	Resolvers *resolvers.List
	Bad       func(host string, why error) // is told of each host that is not loaded

	table join.Table // of the host whose addresses are written
}

// Load loads hosts. A file goes in whole or not at all, and a host counts as
// loaded when all its files did. It counts as loaded at its last pull that did
// not fail: a failed pull is noted, and is no load.
func (l *Loader) Load(names []string) error {
	var good, tried []host
	for _, name := range names {
		h, err := open(l.Dir, name)
		if h.name != "" {
			tried = append(tried, h)
		}
		if err != nil {
			l.Bad(name, err)
		} else {
			good = append(good, h)
		}
	}
	for _, t := range []struct {
		table, columns string
		hosts          []host
		write          func(*bufio.Writer, host) error
	}{
		{"pulls", "host, at, result, why, known", tried, pull},
		{"name_states", nameColumns, good, l.names},
		{"address_states", addressColumns, good, l.addresses},
		{"name_firsts", "domain, host, seen", good, firstsOf(baseline.FirstDomains)},
		{"address_firsts", "ip, host, seen", good, firstsOf(baseline.FirstIPs)},
		// now, and only now, do these hosts count as loaded
		{"loaded", "host, version", good, loaded},
	} {
		err := insert(l.Client, t.table, t.columns, func(w *bufio.Writer) error { return eachHost(w, t.hosts, t.write) })
		if err != nil {
			return err
		}
	}
	return nil
}

func eachHost(w *bufio.Writer, hosts []host, write func(*bufio.Writer, host) error) error {
	for _, h := range hosts {
		if err := write(w, h); err != nil {
			return err
		}
	}
	return nil
}

func firstsOf(file string) func(*bufio.Writer, host) error {
	return func(w *bufio.Writer, h host) error { return firsts(w, h, file) }
}

func loaded(w *bufio.Writer, h host) error {
	_, err := w.Write(line(nil).text([]byte(h.name)).time(h.status.Pulled).end())
	return err
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
