// Package oldnotes takes over what the versions that were shell scripts had
// noted, so that a monitor which they turned on can be healed, and disabled.
//
// They kept these notes in /var/lib/egress-monitor-admin:
//
//	enabled                 since when
//	made-user.NAME          made-group.NAME
//	etc/                    passwd, group … with their backups, as before
//	switched-resolved       made-resolved-dir
//	switched-resolv.conf    and resolv.conf, the earlier one; if that is missing, there was none
//
// The notes stay where they are: the version that wrote them may come back.
package oldnotes

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"egress-monitor/lib/layout"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/undo"
)

// TakeOver copies the old notes into the journal, if there are any.
func TakeOver(admin string, j *undo.Journal) error {
	list, err := os.ReadDir(admin)
	if err != nil || len(list) == 0 {
		return nil
	}
	var entries []undo.Entry
	for _, d := range list {
		name := d.Name()
		switch {
		case strings.HasPrefix(name, "made-user."):
			entries = append(entries, undo.Entry{Step: "accounts", Kind: "user", Name: strings.TrimPrefix(name, "made-user.")})
		case strings.HasPrefix(name, "made-group."):
			entries = append(entries, undo.Entry{Step: "accounts", Kind: "group", Name: strings.TrimPrefix(name, "made-group.")})
		case name == "etc":
			kept, err := accountFiles(filepath.Join(admin, name))
			if err != nil {
				return err
			}
			entries = append(entries, kept...)
		case name == "switched-resolved":
			entries = append(entries, resolved(admin)...)
		case name == "switched-resolv.conf":
			e, err := resolvConf(admin)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
	}
	_, err = os.Stat(filepath.Join(admin, "enabled"))
	if len(entries) == 0 && err != nil {
		return nil
	}
	entries = append(entries, inForce())
	for _, e := range entries {
		if err := j.Note(e); err != nil {
			return err
		}
	}
	return nil
}

// inForce returns the settings, as far as they are still known: the shell read
// the file anew each time.
func inForce() undo.Entry {
	s, err := settings.Load()
	if err != nil {
		s = settings.Default()
	}
	text, _ := json.Marshal(s)
	return undo.Entry{Step: "settings", Kind: "settings", Name: layout.Defaults, Value: string(text)}
}

func accountFiles(dir string) (entries []undo.Entry, err error) {
	for _, f := range []string{"passwd", "group", "shadow", "gshadow", "subuid", "subgid"} {
		for _, name := range []string{f, f + "-"} {
			was, err := undo.Keep(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			entries = append(entries, undo.Entry{Step: "accounts", Kind: "account file", Name: "/etc/" + name, Was: &was})
		}
	}
	return entries, nil
}

func resolved(admin string) []undo.Entry {
	absent := &undo.State{Type: undo.Absent}
	entries := []undo.Entry{{Step: "resolver", Kind: "restart", Name: "systemd-resolved.service"}}
	if _, err := os.Stat(filepath.Join(admin, "made-resolved-dir")); err == nil {
		entries = append(entries, undo.Entry{Step: "resolver", Kind: undo.KindFolder, Name: layout.ResolvD, Was: absent})
	}
	return append(entries, undo.Entry{Step: "resolver", Kind: undo.KindFile, Name: layout.Dropin, Was: absent, Any: true})
}

// resolvConf returns the former /etc/resolv.conf. The present file is that of the shell
// version if it has the same beginning.
func resolvConf(admin string) (undo.Entry, error) {
	e := undo.Entry{Step: "resolver", Kind: undo.KindFile, Name: "/etc/resolv.conf"}
	was, err := undo.Keep(filepath.Join(admin, "resolv.conf"))
	now, err2 := undo.Keep("/etc/resolv.conf")
	if err := errors.Join(err, err2); err != nil {
		return e, err
	}
	e.Was = &was
	if now.Type == undo.File && strings.HasPrefix(string(now.Data), "# By egress-monitor, in place of what") {
		e.Ours = []string{undo.Digest(now)}
	}
	return e, nil
}
