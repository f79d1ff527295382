package change

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
	"egress-monitor/lib/undo"
)

func hand(t *testing.T) (*Hand, string) {
	t.Helper()
	dir := t.TempDir()
	j, err := undo.Open(filepath.Join(dir, "admin"))
	testtools.Must(t, err)
	return &Hand{Step: "s", Journal: j, Context: context.Background()}, dir
}

// us owns what the tests make: they need not be root.
func us(mode uint32) Attr { return Attr{Mode: mode, UID: os.Getuid(), GID: os.Getgid()} }

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return "absent"
	} else if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Whatever was written how often, the first state comes back; of a file that
// others write too, their last.
func TestWriteAndRestore(t *testing.T) {
	h, dir := hand(t)
	ours, shared, fresh := dir+"/ours", dir+"/shared", dir+"/a/b/fresh"
	testtools.Must(t, os.WriteFile(ours, []byte("before\n"), 0o604), os.WriteFile(shared, []byte("before\n"), 0o604))
	testtools.Must(t, h.Write(ours, "one\n", us(0o644)), h.Write(ours, "two\n", us(0o644)), os.WriteFile(ours, []byte("meddled\n"), 0o600), h.Write(ours, "three\n", us(0o644)))
	testtools.Must(t, h.Replace(shared, "one\n", us(0o644), nil), os.WriteFile(shared, []byte("theirs\n"), 0o600), h.Replace(shared, "two\n", us(0o644), nil))
	testtools.Must(t, h.Need(dir+"/a/b"), h.Need(dir+"/a/b"), h.Write(fresh, "x\n", us(0o644)))
	if got := text(t, ours) + text(t, shared) + text(t, fresh); got != "three\ntwo\nx\n" {
		t.Errorf("%q", got)
	}
	again, err := undo.Open(filepath.Join(dir, "admin"))
	testtools.Must(t, err, undo.Restore(again.Of("s")))
	if got := text(t, ours) + text(t, shared) + text(t, dir+"/a"); got != "before\ntheirs\nabsent" {
		t.Errorf("%q", got)
	}
}

// A folder that is there stays as it is, but for one that is ours.
func TestFolders(t *testing.T) {
	h, dir := hand(t)
	there := dir + "/there"
	testtools.Must(t, os.Mkdir(there, 0o705), os.Chmod(there, 0o705), h.Need(there))
	if s, _ := undo.Look(there); s.Mode != 0o705 {
		t.Errorf("Need changed a mode: %o", s.Mode)
	}
	if testtools.Must(t, h.Folder(there, us(0o705))); h.Noted(undo.KindOwner, there) {
		t.Error("noted, although there is nothing to change")
	}
	testtools.Must(t, h.Folder(there, us(0o2750)), h.Folder(there, us(0o1775)))
	if s, _ := undo.Look(there); s.Mode != 0o1775 {
		t.Errorf("%o", s.Mode)
	}
	testtools.Must(t, undo.Restore(h.Journal.Of("s")))
	if s, _ := undo.Look(there); s.Mode != 0o705 {
		t.Errorf("not given back: %o", s.Mode)
	}
	testtools.Must(t, os.Symlink(there, dir+"/link"))
	if err := h.Folder(dir+"/link", us(0o700)); err == nil {
		t.Error("a link was taken for a folder")
	}
}

func TestTakeBack(t *testing.T) {
	h, dir := hand(t)
	path := dir + "/f"
	testtools.Must(t, h.Write(path, "first\n", us(0o644)))
	repeated := &Hand{Step: "s", Journal: h.Journal, Context: context.Background()}
	testtools.Must(t, repeated.Write(path, "second\n", us(0o644)), repeated.Write(dir+"/g", "new\n", us(0o644)))
	changed, err := repeated.TakeBack()
	if err != nil || !changed || text(t, path) != "first\n" || text(t, dir+"/g") != "absent" {
		t.Errorf("%v %v %q %q", changed, err, text(t, path), text(t, dir+"/g"))
	}
	testtools.Must(t, undo.Restore(h.Journal.Of("s")))
	if text(t, path) != "absent" {
		t.Error("not undone after it was taken back")
	}
}

// A dry run prints all, and changes nothing.
func TestDry(t *testing.T) {
	h, dir := hand(t)
	var out strings.Builder
	h.Print = &out
	testtools.Must(t, h.Folder("/no/such/folder", Root755), h.Folder("/no/such/folder", Attr{Mode: 0o750, UID: -1, Owner: "a:b"}),
		h.Write("/no/such/folder/f", "x\ny", Root644), h.Feed([]byte("in\n"), "prog", "--a b", "it's", ""), h.Note("k", "n", "v"),
		h.Do("something", func() error { t.Error("done"); return nil }), h.Run("rm", "-rf", dir))
	want := `    mkdir /no (root:root, mode 755)
    mkdir /no/such (root:root, mode 755)
    mkdir /no/such/folder (root:root, mode 755)
    chown a:b /no/such/folder; chmod 750 /no/such/folder
    write /no/such/folder/f (root:root, mode 644)
        | x
        | y
    run prog '--a b' 'it'\''s' ''
        | in
    something
    run rm -rf ` + dir + "\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	if _, err := os.Stat(dir + "/admin"); !os.IsNotExist(err) {
		t.Error("a dry run has noted something")
	}
}

// After an interrupt nothing more is changed.
func TestInterrupted(t *testing.T) {
	h, dir := hand(t)
	ctx, cancel := context.WithCancel(context.Background())
	h.Context = ctx
	cancel()
	if h.Write(dir+"/f", "x", us(0o644)) == nil || h.Run("touch", dir+"/f") == nil || text(t, dir+"/f") != "absent" {
		t.Error("went on")
	}
}

// Without a note there is no change: the journal cannot be written here.
func TestNoNoteNoChange(t *testing.T) {
	h, dir := hand(t)
	testtools.Must(t, os.WriteFile(dir+"/admin", nil, 0o600)) // a file in the folder's place
	err := h.Write(dir+"/f", "x", us(0o644))
	if err == nil || !strings.Contains(err.Error(), "nothing is changed") || text(t, dir+"/f") != "absent" {
		t.Errorf("%v", err)
	}
	if err := h.Folder(dir+"/d", us(0o700)); err == nil || text(t, dir+"/d") != "absent" {
		t.Errorf("%v", err)
	}
}
