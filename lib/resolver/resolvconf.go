package resolver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"egress-monitor/lib/change"
	"egress-monitor/lib/undo"
)

const resolvConf = "/etc/resolv.conf"

// Mark is the first line of our resolv.conf.
const Mark = `# By egress-monitor, in place of what "egress-monitor disable" puts back.`

const (
	howToFile = "# For other name servers write them here, as nameserver lines: egress-monitor asks them then, and disable leaves them here."
	howToLink = comesFrom + "%s: change them there. To do without egress-monitor: egress-monitor disable"
	comesFrom = "# The name servers come from "
)

// own reports whether a line of a resolv.conf is ours, and not the admin's.
func own(line string) bool {
	return line == Mark || line == howToFile || strings.HasPrefix(line, comesFrom)
}

// isResolveds reports whether /etc/resolv.conf leads to a file of
// systemd-resolved.
func isResolveds() bool {
	target, err := filepath.EvalSymlinks(resolvConf)
	if err != nil {
		return false
	}
	return strings.HasPrefix(target, "/run/systemd/resolve/") && strings.HasSuffix(target, "resolv.conf") ||
		target == "/usr/lib/systemd/resolv.conf" || target == "/lib/systemd/resolv.conf"
}

// noted returns the journal's entry of /etc/resolv.conf.
func (r *Resolver) noted() (undo.Entry, bool) {
	return r.Journal.Entry(r.Step, undo.KindFile, resolvConf)
}

// Foreign returns the text of the resolv.conf of others: of the file that ours has
// replaced, or that their link leads to. It is "" if that is systemd-resolved's.
func (r *Resolver) Foreign() string {
	was, now, err := r.conf()
	switch {
	case err != nil:
		return ""
	case was != nil:
		return text(*was)
	case r.Resolved && isResolveds():
		return ""
	}
	return text(now)
}

// conf returns the present state of /etc/resolv.conf and, if it is ours, the state that
// disable restores, with the admin's changes to our file; else nil.
func (r *Resolver) conf() (was *undo.State, now undo.State, err error) {
	now, err = undo.Keep(resolvConf)
	if err != nil {
		return nil, now, err
	}
	e, known := r.noted()
	if !known || e.Was == nil {
		if now.Type == undo.File && hasMark(now.Data) { // the journal is lost
			left := edited(undo.State{Type: undo.Absent}, now, r.Listen.String())
			return &left, now, nil
		}
		return nil, now, nil
	}
	switch {
	case e.Holds(now), now.Type == undo.Absent && e.Was.Type != undo.Absent: // removed: see Do
		return e.Was, now, nil
	case now.Type == undo.File && hasMark(now.Data):
		edited := edited(*e.Was, now, r.Listen.String())
		return &edited, now, nil
	}
	return nil, now, nil
}

// IsOurs reports whether /etc/resolv.conf is ours by its text.
func IsOurs() bool {
	now, err := undo.Keep(resolvConf)
	return err == nil && now.Type == undo.File && hasMark(now.Data)
}

var errLost = errors.New("what /etc/resolv.conf was is not known any more: write it anew, with your name servers")

func hasMark(data []byte) bool { return strings.HasPrefix(string(data), Mark) }

// text returns the text of a resolv.conf, or of the file that a link in its place leads
// to.
func text(s undo.State) string {
	switch s.Type {
	case undo.File:
		return string(s.Data)
	case undo.Link:
		path := s.Link
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(resolvConf), path)
		}
		data, _ := os.ReadFile(path)
		return string(data)
	}
	return ""
}

// edited returns the state that disable restores after the admin has edited our file.
// Servers that the admin has added replace the earlier ones. If another program keeps
// the servers (a link), its servers stay.
func edited(was, now undo.State, listen string) undo.State {
	if was.Type != undo.File && was.Type != undo.Absent {
		return was
	}
	var servers, rest []string
	for line := range strings.Lines(string(now.Data)) {
		line = strings.TrimRight(line, "\n")
		f := strings.Fields(line)
		switch {
		case own(line), len(f) > 1 && f[0] == "nameserver" && f[1] == listen:
		case len(f) > 1 && f[0] == "nameserver":
			servers = append(servers, line)
			rest = append(rest, line)
		default:
			rest = append(rest, line)
		}
	}
	if len(servers) == 0 {
		rest = append(nameserverLines(string(was.Data)), rest...)
	}
	now.Data = []byte(strings.Join(rest, "\n") + "\n")
	return now
}

func nameserverLines(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "nameserver") {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	return lines
}

// ours returns the text of our resolv.conf, which replaces was.
func (r *Resolver) ours(was undo.State) string {
	var b strings.Builder
	how := howToFile
	if was.Type == undo.Link {
		how = fmt.Sprintf(howToLink, was.Link)
	}
	fmt.Fprintf(&b, "%s\n%s\nnameserver %s\n", Mark, how, r.Listen)
	for line := range strings.Lines(text(was)) {
		switch f := strings.Fields(line); {
		case len(f) < 2:
		case f[0] == "search" || f[0] == "domain" || f[0] == "options" || f[0] == "sortlist":
			b.WriteString(strings.TrimRight(line, "\n") + "\n")
		}
	}
	return b.String()
}

func (r *Resolver) resolvConfIs() bool {
	if r.Resolved && isResolveds() {
		return true
	}
	was, now, err := r.conf()
	return err == nil && was != nil && now.Type == undo.File && string(now.Data) == r.ours(*was)
}

func (r *Resolver) resolvConfDo(h *change.Hand) error {
	was, now, err := r.conf()
	if err != nil {
		return err
	}
	if was == nil {
		was = &now
	}
	return h.Replace(resolvConf, r.ours(*was), change.Root644, was)
}

// resolvConfUndo restores resolv.conf, with the admin's changes to our file. A file that
// another program has written since then stays.
func (r *Resolver) resolvConfUndo() error {
	if err := removeCopies(resolvConf); err != nil {
		return err
	}
	if _, known := r.noted(); !known && IsOurs() {
		return errLost
	}
	was, now, err := r.conf()
	if err != nil || was == nil {
		// The change was not made, or the file is another program's. Only the rest of a change that was cut short goes.
		return errors.Join(err, undo.Remove(resolvConf+undo.Suffix))
	}
	if err := undo.Remove(resolvConf + undo.Suffix); err != nil {
		return err
	}
	if was.Type == undo.Absent && now.Type == undo.Absent {
		return nil
	}
	return undo.Put(resolvConf, *was)
}

// removeCopies removes copies of our file beside it. A program that keeps the file it
// replaces, as openresolv does in resolv.conf.bak, would restore ours one day.
func removeCopies(of string) error {
	names, err := filepath.Glob(of + "?*")
	if err != nil {
		return err
	}
	for _, name := range names {
		if s, err := undo.Keep(name); err != nil || s.Type != undo.File || !hasMark(s.Data) {
			continue // not ours
		}
		if err := undo.Remove(name); err != nil {
			return err
		}
	}
	return nil
}
