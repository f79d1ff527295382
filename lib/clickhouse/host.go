package clickhouse

import (
	"bufio"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/baseline"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/hostlist"
	"egress-monitor/lib/plain"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/union"
)

// A host is one that is loaded.
type host struct {
	name   string
	dir    string
	status pulled.Status
	began  time.Time // since when it is known; zero if that was not noted
}

var errNotPulled = errors.New("no host that egress-pull pulled")

// maxFile is the largest file that is read: as large as egress-pull can be told
// to pull.
const maxFile = 1 << 40

// open reads the status of the last pull of a host, and checks the host's files. If it
// returns an error and a host with a name, only the status of the host is valid.
func open(dir, name string) (host, error) {
	if !hostlist.IsName(name) {
		return host{}, errNotPulled
	}
	h := host{name: name, dir: filepath.Join(dir, name)}
	h.status = pulled.ReadStatus(h.dir)
	if h.status.Time.IsZero() {
		return host{}, errNotPulled
	}
	if h.status.Pulled.IsZero() {
		return h, fmt.Errorf("was never pulled: %s", plain.Text(h.status.Message))
	}
	events, err := baseline.History(h.dir)
	if err != nil {
		return h, err
	}
	for _, e := range events {
		if e.Kind == baseline.First {
			h.began = e.At
		}
	}
	return h, pulled.Check(h.dir, maxFile)
}

// each calls do with each row of a file of the host.
func (h host) each(file string, do func(*aggregate.Record) error) error {
	f, err := union.Open(func(batch.Skipped) {}, filepath.Join(h.dir, file))
	if err != nil {
		return err
	}
	defer f.Close()
	r := f.Rows()
	for r.Next() {
		rec := r.Record()
		if err := do(&rec); err != nil {
			return err
		}
	}
	return r.Err()
}

const nameColumns = "host, domain, questions, last_seen, ips, resolver, folded, overflowed, canary, version"

// names writes the rows of name_states.
func (l *Loader) names(w *bufio.Writer, h host) error {
	var row line
	return h.each(pulled.Domains, func(rec *aggregate.Record) error {
		row = row[:0].text([]byte(h.name)).text(rec.Key).number(rec.Count).stamp(rec.Last).array(rec.IPs)
		row = row.text(l.nameOperator(rec.Key)).number(folded(rec.Key)).flag(fold.Overflowed(rec.IPs))
		row = row.flag(canaryName(rec.Key)).time(h.status.Pulled).end()
		_, err := w.Write(row)
		return err
	})
}

const addressColumns = "host, ip, connections, last_seen, named, resolver, folded, canary, version"

// addresses writes the rows of address_states.
func (l *Loader) addresses(w *bufio.Writer, h host) error {
	l.table.Reset()
	err := h.each(pulled.Domains, func(rec *aggregate.Record) error { return l.table.Add(*rec) })
	if err != nil {
		return err
	}
	l.table.Sort()
	var row line
	return h.each(pulled.IPs, func(rec *aggregate.Record) error {
		p, _ := fold.Address(rec.Key) // "*" is no address, and not named
		row = row[:0].text([]byte(h.name)).text(rec.Key).number(rec.Count).stamp(rec.Last)
		row = row.flag(p.IsValid() && l.table.Known(p)).text(l.addressOperator(rec.Key)).number(folded(rec.Key))
		row = row.flag(canaryAddress(p)).time(h.status.Pulled).end()
		_, err := w.Write(row)
		return err
	})
}

func (l *Loader) addressOperator(key []byte) []byte {
	p, ok := fold.Address(key)
	if !ok {
		return nil
	}
	r, ok := l.Resolvers.Address(p)
	return operator(key, r, ok)
}

func (l *Loader) nameOperator(key []byte) []byte {
	r, ok := l.Resolvers.Name(key)
	return operator(key, r, ok)
}

// firsts writes the rows of a first-seen file; there may be none.
func firsts(w *bufio.Writer, h host, file string) error {
	var row line
	err := h.each(file, func(rec *aggregate.Record) error {
		row = row[:0].text(rec.Key).text([]byte(h.name)).stamp(rec.Last).end()
		_, err := w.Write(row)
		return err
	})
	if isMissing(err) {
		return nil
	}
	return err
}

// pull writes the row of pulls.
func pull(w *bufio.Writer, h host) error {
	row := line(nil).text([]byte(h.name)).time(h.status.Time).text([]byte(h.status.State))
	row = row.text([]byte(plain.Text(h.status.Message)))
	if h.began.IsZero() {
		row = append(row, "1970-01-01 00:00:00\t"...)
	} else {
		row = row.time(h.began)
	}
	_, err := w.Write(row.end())
	return err
}
