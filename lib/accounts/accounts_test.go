package accounts

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egress-monitor/lib/change"
	"egress-monitor/lib/testtools"
	"egress-monitor/lib/undo"
)

// etc is an /etc of files with these texts.
func etc(t *testing.T, texts map[string]string) Accounts {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		testtools.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640))
	}
	return Accounts{Etc: dir}
}

func (a Accounts) all(t *testing.T) string {
	t.Helper()
	list, err := os.ReadDir(a.Etc)
	testtools.Must(t, err)
	var b strings.Builder
	for _, d := range list {
		text, err := os.ReadFile(filepath.Join(a.Etc, d.Name()))
		testtools.Must(t, err)
		fmt.Fprintf(&b, "== %s\n%s", d.Name(), text)
	}
	return b.String()
}

func before() map[string]string {
	return map[string]string{
		"passwd": "root:x:0:0:root:/root:/bin/bash\n", "passwd-": "root:x:0:0::/root:/bin/sh\n",
		"group": "root:x:0:\nadm:x:4:alice\nsystemd-journal:x:101:\n", "shadow": "root:*:1:0:99999:7:::\n", "gshadow": "root:*::\nadm:*::alice\nsystemd-journal:!::\n",
		"subuid": "", ".pwd.lock": "",
	}
}

// notes are those of an enable that began on a.
func notes(t *testing.T, a Accounts) []undo.Entry {
	t.Helper()
	j, err := undo.Open(filepath.Join(t.TempDir(), "admin"))
	testtools.Must(t, err)
	h := &change.Hand{Step: "accounts", Journal: j, Context: context.Background()}
	testtools.Must(t, a.keep(h))
	for kind, names := range map[string][]string{kindGroup: {"egress-monitor"}, kindUser: {"egress-dns", "egress-monitor"}} {
		for _, n := range names {
			testtools.Must(t, h.Note(kind, n, ""))
		}
	}
	return j.Of("accounts")
}

// However far useradd or userdel has come before it was killed, nothing of the
// users is left.
func TestUndo(t *testing.T) {
	for name, change := range map[string]func(texts map[string]string){
		"nothing was made": func(map[string]string) {},
		"all was made": func(f map[string]string) {
			f["passwd-"] = f["passwd"]
			f["passwd"] += "egress-dns:x:998:998:egress-monitor:/nonexistent:/usr/sbin/nologin\negress-monitor:x:997:4:egress-monitor:/nonexistent:/usr/sbin/nologin\n"
			f["group-"] = f["group"]
			f["group"] = "root:x:0:\nadm:x:4:alice\nsystemd-journal:x:101:egress-monitor\negress-monitor:x:999:egress-monitor\negress-dns:x:998:\n"
			f["shadow"] += "egress-dns:!:20783::::::\negress-monitor:!:20783::::::\n"
			f["gshadow"] = "root:*::\nadm:*::alice\nsystemd-journal:!:egress-monitor:egress-monitor\negress-monitor:!::egress-monitor\negress-dns:!::\n"
		},
		"the users are gone from passwd only": func(f map[string]string) {
			f["group"] = "root:x:0:\nadm:x:4:alice\nsystemd-journal:x:101:egress-monitor\negress-monitor:x:999:egress-monitor\n"
			f["shadow"] += "egress-monitor:!:20783::::::\n"
		},
		"temporary files of a process that is gone": func(f map[string]string) {
			f["passwd.999999999"], f["passwd.lock"], f["passwd+"], f["gshadow.999999999"] = "half", "999999999\x00", "root:x", ""
		},
		"the lock was made": func(f map[string]string) { f["group.lock"] = "999999999" },
	} {
		t.Run(name, func(t *testing.T) {
			a := etc(t, before())
			want, noted := a.all(t), notes(t, a)
			texts := before()
			change(texts)
			for n, text := range texts {
				testtools.Must(t, os.WriteFile(filepath.Join(a.Etc, n), []byte(text), 0o640))
			}
			for range 2 {
				testtools.Must(t, a.Undo(noted))
				if got := a.all(t); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			}
		})
	}
}

// Accounts that somebody else has made meanwhile stay, and so does the backup that
// belongs to that.
func TestUndoLeavesOthers(t *testing.T) {
	a := etc(t, before())
	noted := notes(t, a)
	path := a.Etc + "/passwd"
	text := before()["passwd"] + "egress-dns:x:998:998::/:/bin/false\nbob:x:1000:1000::/home/bob:/bin/sh\n"
	testtools.Must(t, os.WriteFile(path, []byte(text), 0o644))
	testtools.Must(t, os.WriteFile(path+"-", []byte("theirs\n"), 0o644))
	testtools.Must(t, a.Undo(noted))
	got := a.all(t)
	if !strings.Contains(got, "bob:x:1000") || !strings.Contains(got, "theirs\n") || strings.Contains(got, "egress") {
		t.Error(got)
	}
}

// Without a journal, a user goes only if it looks as we make users.
func TestUndoWithoutJournal(t *testing.T) {
	texts := before()
	texts["passwd"] += "egress-dns:x:998:998:somebody's:/nonexistent:/usr/sbin/nologin\negress-monitor:x:997:4:egress-monitor:/nonexistent:/usr/sbin/nologin\n"
	a := etc(t, texts)
	testtools.Must(t, a.Undo(nil))
	if !a.has("passwd", "egress-dns") || a.has("passwd", "egress-monitor") {
		t.Error(a.all(t))
	}
}

func TestIs(t *testing.T) {
	texts := before()
	texts["passwd"] += "egress-dns:x:998:998::/:/n\negress-monitor:x:997:4::/:/n\n"
	texts["group"] = "egress-monitor:x:999:\nsystemd-journal:x:101:a,egress-monitor\n"
	if !etc(t, texts).Is() {
		t.Error("all is there")
	}
	for file, line := range map[string]string{"passwd": "egress-dns", "group": ",egress-monitor"} {
		less := map[string]string{}
		maps.Copy(less, texts)
		less[file] = strings.Replace(less[file], line, "x", 1)
		if etc(t, less).Is() {
			t.Errorf("without %s in %s", line, file)
		}
	}
}

// A user of the same name who is root, or can log in, is not used.
func TestCheck(t *testing.T) {
	for line, good := range map[string]bool{
		"egress-dns:x:998:998:egress-monitor:/nonexistent:/usr/sbin/nologin": true,
		"egress-dns:x:400:400:made before:/:/bin/false":                      true,
		"egress-dns:x:1000:1000:Somebody:/home/egress-dns:/bin/bash":         false,
		"egress-monitor:x:0:0::/root:/usr/sbin/nologin":                      false,
		"egress-monitor:x:1000:1000::/:":                                     false, // an empty shell is /bin/sh
	} {
		texts := before()
		texts["passwd"] += line + "\n"
		if err := etc(t, texts).Check(); (err == nil) != good {
			t.Errorf("%s: %v", line, err)
		}
	}
	if err := etc(t, before()).Check(); err != nil {
		t.Errorf("no such user yet: %v", err)
	}
}

// Users are taken out of files of any size.
func TestUndoLargeFile(t *testing.T) {
	texts := before()
	texts["passwd"] += strings.Repeat("u:x:1000:1000::/home/u:/bin/sh\n", 50000)
	a := etc(t, texts)
	want, noted := a.all(t), notes(t, a)
	grown := texts["passwd"] + "egress-dns:x:998:998::/:/bin/false\n"
	testtools.Must(t, os.WriteFile(a.Etc+"/passwd", []byte(grown), 0o640))
	if err := a.Undo(noted); err != nil || a.all(t) != want {
		t.Error(err)
	}
}
