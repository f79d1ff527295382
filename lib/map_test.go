// Package lib holds nothing: its folders are the packages.
package lib

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"egress-monitor/lib/testtools"
)

// The map has one line for each package.
func TestMapHasEveryPackage(t *testing.T) {
	text, err := os.ReadFile("README.md")
	testtools.Must(t, err)
	var listed []string
	for _, line := range regexp.MustCompile("(?m)^- `([a-z0-9]+)`: .+$").FindAllSubmatch(text, -1) {
		listed = append(listed, string(line[1]))
	}
	compare(t, "lib/README.md", listed, folders(t, "."))
}

// The overview has one line for each command.
func TestOverviewHasEveryCommand(t *testing.T) {
	text, err := os.ReadFile("../scripts/egress-monitor.7")
	testtools.Must(t, err)
	var listed []string
	for _, line := range regexp.MustCompile(`(?m)^\.It Xr ([a-z-]+) [18]$`).FindAllSubmatch(text, -1) {
		if name := string(line[1]); name != "egress-serve" && name != "egress-nightly" { // scripts
			listed = append(listed, name)
		}
	}
	compare(t, "scripts/egress-monitor.7", listed, folders(t, "../cmd"))
}

func compare(t *testing.T, file string, listed, folders []string) {
	t.Helper()
	for _, name := range folders {
		if !slices.Contains(listed, name) {
			t.Errorf("%s: no line for %s", file, name)
		}
	}
	for i, name := range listed {
		if !slices.Contains(folders, name) {
			t.Errorf("%s: a line for %s, which is no folder", file, name)
		}
		if slices.Contains(listed[:i], name) {
			t.Errorf("%s: two lines for %s", file, name)
		}
	}
}

// folders returns the folders in dir that hold Go files: an empty one may stay
// behind when git removes a package.
func folders(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	testtools.Must(t, err)
	var names []string
	for _, e := range entries {
		if e.IsDir() && holdsFiles(t, dir+"/"+e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}

func holdsFiles(t *testing.T, dir string) bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	testtools.Must(t, err)
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !e.IsDir() })
}
