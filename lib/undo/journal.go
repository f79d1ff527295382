// Package undo records the state of the machine before each change, and restores it.
//
// The journal is a file of JSON objects, one a line, each an Entry. An entry reaches
// the disk before its change is made, so every change can be undone. To undo a change
// that was not made does nothing. The last line may be torn (a kill, a full disk): its
// change was not made.
//
// An entry with the step, kind and name of an earlier one is merged into it: it takes
// the earlier place and, if it has no state of its own, the earlier state.
package undo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// An Entry is one change.
type Entry struct {
	Step  string   `json:"step"`            // the step that changes it
	Kind  string   `json:"kind"`            // file, folder, owner; or one that the step's own undo knows
	Name  string   `json:"name"`            // a path, a user, a unit …
	Was   *State   `json:"was,omitempty"`   // of file, folder and owner: before the change
	Ours  []string `json:"ours,omitempty"`  // digests of what we have put there, the newest last
	Any   bool     `json:"any,omitempty"`   // the name is ours alone: undone whatever is there now
	Value string   `json:"value,omitempty"` // what the step's own undo needs to know
}

func (e Entry) key() string { return e.Step + "\x00" + e.Kind + "\x00" + e.Name }

// maxOurs bounds the digests of one entry. More than two matter only if the
// same file was written again and again and each time the machine was stopped
// between the note and the change.
const maxOurs = 16

// add returns e with the fields that a later entry of the same key brings.
func (e Entry) add(later Entry) Entry {
	if later.Was != nil {
		e.Was = later.Was
	}
	e.Ours = append(append([]string(nil), e.Ours...), later.Ours...)
	if n := len(e.Ours) - maxOurs; n > 0 {
		e.Ours = e.Ours[n:]
	}
	e.Any, e.Value = later.Any, later.Value
	return e
}

// A Journal holds the changes that are not undone yet.
type Journal struct {
	Damaged []string // lines that cannot be read, as messages

	path    string
	entries []Entry
	place   map[string]int
	lines   int
	end     int64 // of the last whole line
}

// Open reads the journal in a folder. A missing journal or folder is empty.
func Open(folder string) (*Journal, error) {
	j := &Journal{path: filepath.Join(folder, "journal"), place: map[string]int{}}
	data, err := os.ReadFile(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return j, nil
	} else if err != nil {
		return nil, err
	}
	for {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			return j, nil
		}
		j.lines++
		j.end += int64(len(line)) + 1
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil || e.Kind == "" {
			j.Damaged = append(j.Damaged, fmt.Sprintf("%s: line %d: not an entry: what it noted cannot be put back", j.path, j.lines))
		} else {
			j.remember(e)
		}
		data = rest
	}
}

func (j *Journal) remember(e Entry) {
	if i, ok := j.place[e.key()]; ok {
		j.entries[i] = j.entries[i].add(e)
		return
	}
	j.place[e.key()] = len(j.entries)
	j.entries = append(j.entries, e)
}

// Note writes an entry. When it returns without an error, the entry is on disk
// and the change may be made.
func (j *Journal) Note(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if err := j.append(append(line, '\n')); err != nil {
		return fmt.Errorf("cannot note what will be changed, so nothing is changed: %w", cause(err))
	}
	j.remember(e)
	if j.lines > 4*len(j.entries)+64 {
		j.rewrite() // if it fails, the long file is as good
	}
	return nil
}

func (j *Journal) append(line []byte) error {
	if err := makeFolder(filepath.Dir(j.path)); err != nil {
		return err
	}
	f, err := os.OpenFile(j.path, os.O_WRONLY|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(line, j.end) // over a torn line; a rest of that is torn, too
	if err == nil {
		err = f.Sync()
	}
	if err == nil && j.end == 0 {
		err = SyncFolder(filepath.Dir(j.path))
	}
	if err != nil {
		return err
	}
	j.lines++
	j.end += int64(len(line))
	return nil
}

// makeFolder makes root's folder, closed to others.
func makeFolder(path string) error {
	if s, err := Look(path); err != nil {
		return err
	} else if s.Type == Folder && s.Mode == 0o700 {
		return nil
	}
	if err := putFolder(path, State{Type: Folder, Mode: 0o700, UID: os.Getuid(), GID: os.Getgid()}); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

// rewrite leaves one line for each entry.
func (j *Journal) rewrite() error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	for _, e := range j.entries {
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	s := State{Type: File, Mode: 0o600, UID: os.Getuid(), GID: os.Getgid(), Data: text.Bytes()}
	if err := Put(j.path, s); err != nil {
		return err
	}
	j.lines, j.end = len(j.entries), int64(text.Len())
	return nil
}

// Empty reports whether nothing is noted.
func (j *Journal) Empty() bool { return len(j.entries) == 0 && len(j.Damaged) == 0 }

// Entry returns the entry of a step, kind and name, if there is one.
func (j *Journal) Entry(step, kind, name string) (Entry, bool) {
	i, ok := j.place[Entry{Step: step, Kind: kind, Name: name}.key()]
	if !ok {
		return Entry{}, false
	}
	return j.entries[i], true
}

// Of returns the entries of a step, in the order in which they were first noted.
func (j *Journal) Of(step string) []Entry {
	var found []Entry
	for _, e := range j.entries {
		if e.Step == step {
			found = append(found, e)
		}
	}
	return found
}

// Steps names the steps that have noted something, in the order in which they began.
func (j *Journal) Steps() []string {
	var steps []string
	for _, e := range j.entries {
		if !slices.Contains(steps, e.Step) {
			steps = append(steps, e.Step)
		}
	}
	return steps
}
