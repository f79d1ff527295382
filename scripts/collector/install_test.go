// The tests of what a collector installs.
package collector

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

// run runs make at the top, alone: others may build there, too.
func run(t *testing.T, targets ...string) {
	t.Helper()
	top, err := filepath.Abs("../..")
	testtools.Must(t, err)
	if out, err := exec.Command("flock", append([]string{"-o", top, "make", "-s", "-C", top}, targets...)...).CombinedOutput(); err != nil {
		t.Fatalf("make %v: %v\n%s", targets, err, out)
	}
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	testtools.Must(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, strings.TrimPrefix(path, dir))
		}
		return err
	}))
	return names
}

// TestInstall: what the collector's manuals name is there after an installation,
// wherever that was, and all of it goes again, but for settings that were changed.
func TestInstall(t *testing.T) {
	testtools.Need(t, "make", "flock", "git")
	for _, prefix := range []string{"/usr/local", "/usr"} {
		dir := t.TempDir()
		run(t, "build", "install-collector", "DESTDIR="+dir, "PREFIX="+prefix)
		named := 0
		for _, name := range files(t, dir+prefix+"/share/man") {
			text := strings.ReplaceAll(testtools.Read(t, dir+prefix+"/share/man"+name), `\-`, "-")
			for _, path := range shared.FindAllString(text, -1) {
				named++
				if _, err := os.Stat(dir + path); err != nil || !strings.HasPrefix(path, prefix+"/share/") {
					t.Errorf("%s, installed in %s, names %s", name, prefix, path)
				}
			}
		}
		if named < 4 {
			t.Errorf("the manuals name %d files", named)
		}
		testtools.Write(t, dir+"/etc/egress-collector/hosts", "web1\n")
		run(t, "uninstall", "DESTDIR="+dir, "PREFIX="+prefix)
		if left := strings.Join(files(t, dir), " "); left != "/etc/egress-collector/hosts" {
			t.Errorf("left: %s", left)
		}
	}
}

var shared = regexp.MustCompile(`/usr(/local)?/share/egress-monitor/[a-z./]*[a-z/]`)
