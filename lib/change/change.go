// Package change is the only way in which a step changes the machine: it notes the
// state before, then changes it. A dry Hand prints the changes instead.
package change

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"egress-monitor/lib/child"
	"egress-monitor/lib/undo"
)

// Attr is the owner and the mode of a file or a folder.
type Attr struct {
	Mode     uint32 // as chmod(2) takes it
	UID, GID int
	Owner    string // USER:GROUP in messages, since the user may not exist yet; "" is root:root
}

func (a Attr) owner() string {
	if a.Owner == "" {
		return "root:root"
	}
	return a.Owner
}

// Root644 and Root755 are the owner and mode of most files and folders in /etc.
var (
	Root644 = Attr{Mode: 0o644}
	Root755 = Attr{Mode: 0o755}
)

// Of reports whether s has this owner and mode.
func (a Attr) Of(s undo.State) bool { return s.Mode == a.Mode && s.UID == a.UID && s.GID == a.GID }

// A Hand makes the changes of one step.
type Hand struct {
	Step    string        // the name of the step in the journal
	Journal *undo.Journal // keeps the notes
	Context context.Context
	Print   io.Writer       // not nil: a dry run, which prints and changes nothing
	changed []undone        // by this run, for TakeBack
	made    map[string]bool // folders that a dry run would have made
}

type undone struct {
	path string
	was  undo.State
}

// Dry reports whether the Hand only prints.
func (h *Hand) Dry() bool { return h.Print != nil }

// Note notes a change that only the step itself can undo, before it is made.
func (h *Hand) Note(kind, name, value string) error {
	if h.Dry() {
		return nil
	}
	return h.Journal.Note(undo.Entry{Step: h.Step, Kind: kind, Name: name, Value: value})
}

// Noted reports whether a change was noted before.
func (h *Hand) Noted(kind, name string) bool {
	_, ok := h.Journal.Entry(h.Step, kind, name)
	return ok
}

// Write makes path a file of ours with that text. It first notes the file, the link
// or the absence of both at path, which disable restores. Later changes of that
// file by others do not matter: the path is ours.
func (h *Hand) Write(path, text string, a Attr) error {
	return h.put(path, text, a, true, nil)
}

// Replace is Write for a path that other programs write as well: if they write it
// after us, disable leaves their file. was, if it is not nil, is restored instead
// of the present file.
func (h *Hand) Replace(path, text string, a Attr, was *undo.State) error {
	return h.put(path, text, a, false, was)
}

func (h *Hand) put(path, text string, a Attr, ours bool, was *undo.State) error {
	s := undo.State{Type: undo.File, Mode: a.Mode, UID: a.UID, GID: a.GID, Data: []byte(text)}
	if h.Dry() {
		fmt.Fprintf(h.Print, "    write %s (%s, mode %o)\n%s", path, a.owner(), s.Mode, indent(s.Data))
		return nil
	}
	if err := h.Context.Err(); err != nil {
		return err
	}
	now, err := undo.Keep(path)
	if err != nil {
		return err
	}
	e := undo.Entry{Step: h.Step, Kind: undo.KindFile, Name: path, Ours: []string{undo.Digest(s)}, Any: ours, Was: was}
	noted, known := h.Journal.Entry(h.Step, undo.KindFile, path)
	if was == nil && !(known && (ours || noted.Holds(now))) {
		e.Was = &now
	}
	if !known || e.Was != nil || len(noted.Ours) == 0 || noted.Ours[len(noted.Ours)-1] != e.Ours[0] {
		if err := h.Journal.Note(e); err != nil {
			return err
		}
	}
	h.changed = append(h.changed, undone{path, now})
	return undo.Put(path, s)
}

// Folder makes a folder, with its parents. A folder that is there must be ours: its
// owner and mode are noted, and changed.
func (h *Hand) Folder(path string, a Attr) error {
	now, err := undo.Look(path)
	if err != nil {
		return err
	}
	if h.made[path] {
		now.Type = undo.Folder
	}
	switch now.Type {
	case undo.Folder:
		return h.Own(path, a)
	case undo.Absent:
		return h.makeFolder(path, a)
	case undo.Link:
		return fmt.Errorf("%s is a symbolic link; remove it", path)
	}
	return fmt.Errorf("%s is no folder", path)
}

// Need makes a folder if it is missing, with its parents.
func (h *Hand) Need(path string) error {
	if h.made[path] {
		return nil
	}
	now, err := os.Stat(path)
	switch {
	case err == nil && !now.IsDir():
		return fmt.Errorf("%s is no folder", path)
	case os.IsNotExist(err):
		return h.makeFolder(path, Root755)
	}
	return err
}

func (h *Hand) makeFolder(path string, a Attr) error {
	if err := h.Need(filepath.Dir(path)); err != nil {
		return err
	}
	if h.Dry() {
		fmt.Fprintf(h.Print, "    mkdir %s (%s, mode %o)\n", path, a.owner(), a.Mode)
		if h.made == nil {
			h.made = map[string]bool{}
		}
		h.made[path] = true
		return nil
	}
	e := undo.Entry{Step: h.Step, Kind: undo.KindFolder, Name: path, Was: &undo.State{Type: undo.Absent}}
	if !h.Noted(undo.KindFolder, path) {
		if err := h.Journal.Note(e); err != nil {
			return err
		}
	}
	return undo.Put(path, undo.State{Type: undo.Folder, Mode: a.Mode, UID: a.UID, GID: a.GID})
}

// Own gives a file or folder of ours another owner and mode. The folder around
// it must be root's, and closed to users who could put a link in its place.
func (h *Hand) Own(path string, a Attr) error {
	now, err := undo.Look(path)
	if err == nil && h.Dry() && !a.Of(now) {
		fmt.Fprintf(h.Print, "    chown %s %s; chmod %o %s\n", a.owner(), path, a.Mode, path)
		return nil
	}
	if err != nil || a.Of(now) || now.Type == undo.Absent {
		return err
	}
	if !h.Noted(undo.KindOwner, path) && !h.Noted(undo.KindFolder, path) {
		if err := h.Journal.Note(undo.Entry{Step: h.Step, Kind: undo.KindOwner, Name: path, Was: &now}); err != nil {
			return err
		}
	}
	s := now
	s.Mode, s.UID, s.GID, s.MTime = a.Mode, a.UID, a.GID, 0
	return undo.Attributes(path, s)
}

// Run runs a command.
func (h *Hand) Run(name string, args ...string) error { return h.Feed(nil, name, args...) }

// Feed runs a command that reads input.
func (h *Hand) Feed(input []byte, name string, args ...string) error {
	if h.Dry() {
		fmt.Fprintf(h.Print, "    run %s\n%s", quote(append([]string{name}, args...)), indent(input))
		return nil
	}
	if err := h.Context.Err(); err != nil {
		return err
	}
	// Not with h.Context: a useradd that is killed on Ctrl-C leaves more to clear up than one that ends.
	return child.Command(name, args...).Input(input).Within(time.Minute).Run(context.WithoutCancel(h.Context))
}

// quote returns a command in the syntax of a shell.
func quote(argv []string) string {
	words := make([]string, len(argv))
	for i, w := range argv {
		if w == "" || strings.ContainsFunc(w, func(c rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,+@%-", c)
		}) {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		words[i] = w
	}
	return strings.Join(words, " ")
}

// Do calls a function whose changes a dry run can only describe.
func (h *Hand) Do(what string, do func() error) error {
	if h.Dry() {
		fmt.Fprintf(h.Print, "    %s\n", what)
		return nil
	}
	return do()
}

// TakeBack restores the files that this Hand has written: for an enable that was
// repeated, and failed, while an earlier one is in force. The notes in the journal
// stay valid.
func (h *Hand) TakeBack() (changed bool, err error) {
	for _, c := range slices.Backward(h.changed) {
		err = errors.Join(err, undo.Put(c.path, c.was))
	}
	changed = len(h.changed) > 0
	h.changed = nil
	return changed, err
}

// indent returns a text indented, for printing below its heading.
func indent(text []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(text) {
		b.WriteString("        | ")
		b.Write(bytes.TrimSuffix(line, []byte("\n")))
		b.WriteByte('\n')
	}
	return b.String()
}
