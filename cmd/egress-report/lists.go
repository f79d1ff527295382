package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"egress-monitor/lib/allow"
	"egress-monitor/lib/baseline"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/fleet"
	"egress-monitor/lib/networks"
	"egress-monitor/lib/report"
	"egress-monitor/lib/resolvers"
)

// lists gathers remarks on the lines of the lists that were given.
type lists struct {
	texts []string
}

func (l *lists) bad(file string) func(line int, err error) {
	return func(line int, err error) {
		l.texts = append(l.texts, fmt.Sprintf("%s: line %d: not applied: %v", file, line, err))
	}
}

// options reads the lists.
func (c *command) options() (o fleet.Options, l *lists, err error) {
	l = &lists{}
	o = fleet.Options{Now: c.Now, Since: c.since, Stale: c.Stale, Blind: c.Blind, Canaries: c.Canary, Known: resolvers.Builtin(), Warn: warn, Allow: allow.New()}
	if o.Own, err = networks.NewOwn(c.Own); err != nil {
		return o, l, fmt.Errorf("--own: %w", err)
	}
	for _, name := range c.Allow {
		if err := read(name, func(r io.Reader) error { return o.Allow.Read(r, name, l.bad(name)) }); err != nil {
			return o, l, err
		}
	}
	for _, name := range c.Watch {
		if o.Watch == nil {
			o.Watch = resolvers.New()
		}
		if err := read(name, func(r io.Reader) error { return o.Watch.ReadPlain(r, filepath.Base(name), l.bad(name)) }); err != nil {
			return o, l, err
		}
	}
	if c.Networks != "" {
		err = read(c.Networks, func(r io.Reader) (err error) {
			o.Networks, err = networks.Read(r, l.bad(c.Networks))
			return err
		})
	}
	if c.Resolvers != "" && err == nil {
		err = read(c.Resolvers, func(r io.Reader) (err error) {
			o.Known, err = resolvers.Read(r)
			return err
		})
	}
	return o, l, err
}

// read reads a file of rules.
func read(name string, parse func(io.Reader) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() // was only read
	if err := parse(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// maxRemarks is how many lines of lists are reported on standard error.
const maxRemarks = 20

// remarks returns and reports the faults of the lists. Call it last: whether a rule
// matches anything is known only after all hosts were compared.
func (l *lists) remarks(rules *allow.List) []string {
	for _, r := range rules.Unused() {
		l.texts = append(l.texts, fmt.Sprintf("%s: line %d: matches nothing: %s", r.File, r.Line, r.Text))
	}
	for i, text := range l.texts {
		l.texts[i] = report.Clean(text)
		if i < maxRemarks {
			cli.Warn("%s", l.texts[i])
		}
	}
	if n := len(l.texts) - maxRemarks; n > 0 {
		cli.Warn("and %d more lines of lists", n)
	}
	return l.texts
}

var errSince = errors.New("--since: not a date (2026-02-08), a time (2026-02-08T21:30:00Z) or an age (12h, 7d)")

// parseSince reads a date, a time or an age.
func parseSince(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return now.AddDate(0, 0, -n), nil
		}
		return now, errSince
	}
	age, err := time.ParseDuration(text)
	if err != nil || age < 0 {
		return now, errSince
	}
	return now.Add(-age), nil
}

// known notes that the resets of hosts need no attention any more.
func known(dir string, hosts []string, now time.Time) error {
	for _, host := range hosts {
		path := filepath.Join(dir, host)
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || filepath.Base(host) != host || strings.HasPrefix(host, ".") {
			return fmt.Errorf("%s: no host %q", dir, host)
		}
		if err := baseline.SetKnown(path, now); err != nil {
			return err
		}
	}
	return nil
}
