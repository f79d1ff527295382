package oldnotes

import (
	"os"
	"path/filepath"

	"egress-monitor/lib/undo"
)

// Write writes the journal's entries as the old notes, for a version that knows
// only these: the package is about to be replaced, perhaps by an older one.
func Write(admin string, j *undo.Journal) error {
	for _, step := range j.Steps() {
		for _, e := range j.Of(step) {
			if err := write(admin, e); err != nil {
				return err
			}
		}
	}
	return undo.SyncFolder(admin)
}

func write(admin string, e undo.Entry) error {
	mark := func(name string) error {
		return os.WriteFile(filepath.Join(admin, name), nil, 0o600)
	}
	switch {
	case e.Kind == "user":
		return mark("made-user." + e.Name)
	case e.Kind == "group":
		return mark("made-group." + e.Name)
	case e.Kind == "account file" && e.Was != nil && e.Was.Type == undo.File && filepath.Base(e.Name) != ".pwd.lock":
		if err := os.MkdirAll(filepath.Join(admin, "etc"), 0o700); err != nil {
			return err
		}
		return undo.Put(filepath.Join(admin, "etc", filepath.Base(e.Name)), *e.Was)
	case e.Step != "resolver":
		return nil
	case e.Kind == "restart":
		return mark("switched-resolved")
	case e.Kind == undo.KindFolder:
		return mark("made-resolved-dir")
	case e.Kind == undo.KindFile && e.Name == "/etc/resolv.conf" && e.Was != nil:
		if err := undo.Put(filepath.Join(admin, "resolv.conf"), *e.Was); err != nil {
			return err
		}
		return mark("switched-resolv.conf")
	}
	return nil
}
