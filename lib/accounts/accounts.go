// Package accounts makes the two system users, and removes them without a trace.
//
// useradd(8) and userdel(8) of Debian's passwd write /etc/passwd, shadow, group
// and gshadow one after the other, each by a rename, and keep the earlier file
// as FILE-. Killed between two files they leave half a user, which neither of them can
// remove then. So this package removes the lines that are left.
package accounts

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"egress-monitor/lib/change"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/undo"
)

// Kinds of entries in the journal.
const (
	kindUser  = "user"
	kindGroup = "group"
	kindFile  = "account file" // as it was before the first of them was made
)

// files are the files that useradd and its kin write.
var files = []string{"passwd", "group", "shadow", "gshadow", "subuid", "subgid"}

// Accounts are those of the machine whose /etc is given.
type Accounts struct {
	Etc string // "/etc" but in tests
}

// New returns the accounts of this machine.
func New() Accounts { return Accounts{Etc: "/etc"} }

// Text is the step for people.
const Text = "users " + layout.Poller + " (polls) and " + layout.Resolver + " (runs dnsmasq)"

// Is reports whether both users are there, and the poller may read the journal.
func (a Accounts) Is() bool {
	return a.has("passwd", layout.Resolver) && a.has("passwd", layout.Poller) && a.has("group", layout.Poller) &&
		a.member(layout.Journal, layout.Poller)
}

// Check returns an error if there are users of these names for another purpose: our
// programs would run as them, and they would own our files.
func (a Accounts) Check() error {
	for _, name := range []string{layout.Resolver, layout.Poller} {
		f, ok := a.entry("passwd", name)
		if !ok {
			continue
		}
		if len(f) != 7 || f[2] == "0" || !slices.Contains(noLogin, filepath.Base(f[6])) {
			return fmt.Errorf("there is a user %s already, who is root or can log in (/etc/passwd); egress-monitor needs that name for a user of its own: rename the other one", name)
		}
	}
	return nil
}

// noLogin are shells that allow no login.
var noLogin = []string{"nologin", "false"}

// Do makes the users and groups that are missing.
func (a Accounts) Do(h *change.Hand) error {
	if err := a.keep(h); err != nil {
		return err
	}
	if !a.has("group", layout.Poller) {
		if err := errors.Join(h.Note(kindGroup, layout.Poller, ""), a.sweep()); err != nil {
			return err
		}
		if err := h.Run("groupadd", "--system", layout.Poller); err != nil {
			return err
		}
	}
	if err := a.user(h, layout.Resolver, "--user-group"); err != nil {
		return err
	}
	if err := a.user(h, layout.Poller, "--gid", layout.Readers, "--groups", layout.Poller+","+layout.Journal); err != nil {
		return err
	}
	if a.Is() || h.Dry() {
		return nil
	}
	return h.Run("usermod", "--append", "--groups", layout.Poller+","+layout.Journal, layout.Poller)
}

func (a Accounts) user(h *change.Hand, name string, options ...string) error {
	if a.has("passwd", name) {
		return nil
	}
	if err := h.Note(kindUser, name, ""); err != nil {
		return err
	}
	args := append([]string{"--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin",
		"--comment", "egress-monitor"}, options...)
	return h.Run("useradd", append(args, name)...)
}

// keep notes the files as they are, before the first change.
func (a Accounts) keep(h *change.Hand) error {
	if h.Dry() || len(h.Journal.Of(h.Step)) > 0 {
		return nil
	}
	paths := []string{a.Etc + lockFile}
	for _, f := range files {
		paths = append(paths, a.Etc+"/"+f, a.Etc+"/"+f+"-")
	}
	for _, path := range paths {
		was, err := undo.Keep(path)
		if err != nil {
			continue // too large to keep: its backup stays as useradd leaves it
		}
		if err := h.Journal.Note(undo.Entry{Step: h.Step, Kind: kindFile, Name: path, Was: &was}); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether a file has an entry of that name.
func (a Accounts) has(file, name string) bool {
	_, ok := a.entry(file, name)
	return ok
}

func (a Accounts) entry(file, name string) ([]string, bool) {
	text, _ := os.ReadFile(a.Etc + "/" + file)
	for line := range bytes.Lines(text) {
		if fields := strings.Split(strings.TrimRight(string(line), "\n"), ":"); fields[0] == name {
			return fields, true
		}
	}
	return nil, false
}

func (a Accounts) member(group, user string) bool {
	fields, ok := a.entry("group", group)
	return ok && slices.Contains(strings.Split(fields[len(fields)-1], ","), user)
}
