package resolver

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
	"egress-monitor/lib/undo"
)

const listen = "127.0.0.55"

func file(text string) undo.State {
	return undo.State{Type: undo.File, Mode: 0o644, Data: []byte(text)}
}

// The admin's changes in our file are what disable leaves.
func TestEdited(t *testing.T) {
	r := &Resolver{Listen: netip.MustParseAddr(listen)}
	was := file("# by hand\nsearch a.example\nnameserver 192.0.2.1\noptions timeout:2\n")
	ours := r.ours(was)
	if want := Mark + "\n" + howToFile + "\nnameserver 127.0.0.55\nsearch a.example\noptions timeout:2\n"; ours != want {
		t.Errorf("ours: %q", ours)
	}
	for name, test := range map[string]struct{ now, want string }{
		"another server in place of ours": {Mark + "\n" + howToFile + "\nnameserver 192.0.2.9\nsearch a.example\n", "nameserver 192.0.2.9\nsearch a.example\n"},
		"another server beside ours":      {Mark + "\nnameserver 192.0.2.9\n" + "nameserver 127.0.0.55\n", "nameserver 192.0.2.9\n"},
		"another option":                  {ours + "options rotate\n", "nameserver 192.0.2.1\nsearch a.example\noptions timeout:2\noptions rotate\n"},
		"no server at all":                {Mark + "\n", "nameserver 192.0.2.1\n"},
	} {
		if got := edited(was, file(test.now), listen); string(got.Data) != test.want {
			t.Errorf("%s: %q", name, got.Data)
		}
	}
	link := undo.State{Type: undo.Link, Link: "../run/resolvconf/resolv.conf"}
	if got := edited(link, file(Mark+"\nnameserver 192.0.2.9\n"), listen); got.Type != undo.Link {
		t.Errorf("a link: %+v", got)
	}
	if got := edited(undo.State{Type: undo.Absent}, file(ours), listen); string(got.Data) != "search a.example\noptions timeout:2\n" {
		t.Errorf("nothing is known of before: %q", got.Data)
	}
	if text := r.ours(link); !own("# The name servers come from x") || text[:len(Mark)] != Mark {
		t.Errorf("%q", text)
	}
}

// A copy of ours is removed, and nothing else.
func TestRemoveCopies(t *testing.T) {
	conf := t.TempDir() + "/resolv.conf"
	for name, text := range map[string]string{"": Mark + "\n", ".bak": Mark + "\nnameserver 127.0.0.55\n", ".mine": "nameserver 192.0.2.1\n"} {
		testtools.Must(t, os.WriteFile(conf+name, []byte(text), 0o644))
	}
	testtools.Must(t, removeCopies(conf))
	left, err := filepath.Glob(conf + "*")
	if want := []string{conf, conf + ".mine"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("%v, %v", left, err)
	}
}

func TestDropin(t *testing.T) {
	r := &Resolver{Listen: netip.MustParseAddr(listen), Domains: []string{"~.", "corp.example", ".", "~vpn.example"}}
	const want = "\n[Resolve]\nDNS=\nDNS=127.0.0.55\nDomains=~. corp.example ~vpn.example\nCache=no\nDNSOverTLS=no\n"
	if got := r.dropin(); !strings.HasSuffix(got, want) {
		t.Errorf("%q", got)
	}
}
