package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// browser is Chromium.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	testtools.Missing(t, "chromium is missing")
	return ""
}

// open loads a page and returns the browser's document, and the page's messages on
// the console.
func open(t *testing.T, page, hash string) (dom, console string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser(t), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir="+t.TempDir(), "--enable-logging=stderr", "--dump-dom", "file://"+page+hash)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	for line := range strings.Lines(errs.String()) {
		if strings.Contains(line, "CONSOLE") {
			console += line
		}
	}
	return string(out), console
}

// writePage makes a page of hosts with hostile names.
func writePage(t *testing.T, hosts int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range hosts {
		host := filepath.Join(dir, "hosts", fmt.Sprintf("<img src=x onerror=alert(1)> %d", i))
		testtools.Must(t, os.MkdirAll(host, 0o755))
		text := fmt.Sprintf("192.0.2.%d %d 2026-11-23T11:20:00Z\n", i, []int{90, 1000, 200}[i%3])
		testtools.Write(t, filepath.Join(host, "unique-ips.log"), text)
		testtools.Write(t, filepath.Join(host, "unique-domains.log"), "</script><script>document.title='owned'</script> 1 2026-11-23T11:20:00Z -\n")
	}
	page := filepath.Join(dir, "page.html")
	c := &command{HTML: page, Dir: filepath.Join(dir, "hosts"), Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Since: "7d", Color: "never"}
	testtools.Must(t, c.Validate())
	testtools.Must(t, c.Run())
	return page
}

var (
	section = regexp.MustCompile(`(?s)<section id="hosts">.*?</section>`)
	cells   = regexp.MustCompile(`<tr[^>]*><td[^>]*><a[^>]*>[^<]*</a></td><td[^>]*>([^<]*)</td>`)
)

// counts is the second column of the table of hosts, from above.
func counts(t *testing.T, dom string) (column []string) {
	t.Helper()
	for _, m := range cells.FindAllStringSubmatch(section.FindString(dom), -1) {
		column = append(column, m[1])
	}
	return column
}

// TestBrowser: a click on a heading sorts, by numbers and not by their digits,
// and another one turns the order round; what hosts and names are called is
// shown and not run; and the page's own rules (its policy) let it do this.
func TestBrowser(t *testing.T) {
	page := writePage(t, 3)
	dom, console := open(t, page, "")
	if got, want := counts(t, dom), []string{"1,000", "200", "90"}; !slices.Equal(got, want) {
		t.Errorf("as loaded: %v, want %v", got, want)
	}
	if strings.Contains(dom, "<img") || strings.Contains(dom, "<title>owned") || !strings.Contains(dom, "&lt;img src=x onerror=alert(1)&gt; 0") {
		t.Errorf("a name was run, or is not there:\n%s", dom)
	}
	if console != "" {
		t.Errorf("the browser complains: %s", console)
	}
	if n := strings.Count(dom, `<section class="host"`); n != 3 {
		t.Errorf("%d pages for 3 hosts", n)
	}
	dom, console = open(t, page, "#sort=hosts,1,1")
	if got, want := counts(t, dom), []string{"90", "200", "1,000"}; !slices.Equal(got, want) || console != "" {
		t.Errorf("after two clicks: %v, want %v; %s", got, want, console)
	}
	if !strings.Contains(section.FindString(dom), `<th class="number" aria-sort="ascending">`) {
		t.Error("the heading does not say how the table is sorted")
	}
}

var (
	hiddenSection = regexp.MustCompile(`<section (?:class="host" )?id="([a-z0-9-]+)"( hidden="")?>`)
	shownRow      = regexp.MustCompile(`<tr(?: id="f\d+")?>\s*<td`)
)

// TestBrowserFilter: the filter leaves the rows that have all of its words, and
// of the tables those that have such rows; each finding has its place.
func TestBrowserFilter(t *testing.T) {
	page := writePage(t, 3)
	dom, console := open(t, page, "#filter=192.0.2.1%20IMG")
	if console != "" {
		t.Errorf("the browser complains: %s", console)
	}
	shown := 0
	for _, m := range hiddenSection.FindAllStringSubmatch(dom, -1) {
		if m[2] == "" {
			shown++
		} else if m[1] == "direct" || m[1] == "h1" {
			t.Errorf("section %s is hidden", m[1])
		}
	}
	if all := len(hiddenSection.FindAllString(dom, -1)); shown == 0 || shown > all/2 {
		t.Errorf("%d of %d sections are shown", shown, all)
	}
	for _, row := range shownRow.FindAllStringIndex(dom, -1) {
		text, _, _ := strings.Cut(dom[row[0]:], "</tr>")
		if !strings.Contains(text, "192.0.2.1") {
			t.Errorf("shown: %s", text)
		}
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(dom, -1) {
		if strings.Count(dom, ` id="`+m[1]+`"`) != 1 {
			t.Errorf("a link leads to %s", m[1])
		}
	}
}
