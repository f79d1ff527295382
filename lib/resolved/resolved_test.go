package resolved

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"

	"github.com/godbus/dbus/v5"
)

func machine(t *testing.T, list map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range list {
		path := filepath.Join(root, name)
		testtools.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		testtools.Must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return root
}

func TestReadConfig(t *testing.T) {
	const ours = "/etc/systemd/resolved.conf.d/zz-egress-monitor.conf"
	for name, test := range map[string]struct {
		files map[string]string
		want  Config
	}{
		"nothing": {nil, Config{}},
		"comments and other sections": {
			map[string]string{"etc/systemd/resolved.conf": "#DNS=192.0.2.1\n;DNS=192.0.2.2\n[Other]\nDNS=192.0.2.3\n[Resolve]\n DNS = 192.0.2.4  192.0.2.5\nDNSSEC=yes\n"},
			Config{DNS: []string{"192.0.2.4", "192.0.2.5"}},
		},
		"lists grow, and an empty value empties them": {
			map[string]string{
				"etc/systemd/resolved.conf":           "[Resolve]\nDNS=192.0.2.1\nDomains=a.example\n",
				"etc/systemd/resolved.conf.d/10.conf": "[Resolve]\nDNS=192.0.2.2\nDomains=\nDomains=~b.example \"~.\"\n",
			},
			Config{DNS: []string{"192.0.2.1", "192.0.2.2"}, Domains: []string{"~b.example", "~."}},
		},
		"ours is left out": {
			map[string]string{"etc/systemd/resolved.conf": "[Resolve]\nDNS=192.0.2.1\n", ours[1:]: "[Resolve]\nDNS=\nDNS=127.0.0.55\nDNSOverTLS=no\n"},
			Config{DNS: []string{"192.0.2.1"}},
		},
		"/etc hides /run hides /usr/lib, by name; order is by name": {
			map[string]string{
				"usr/lib/systemd/resolved.conf.d/a.conf": "[Resolve]\nDNS=192.0.2.1\n",
				"run/systemd/resolved.conf.d/a.conf":     "[Resolve]\nDNS=192.0.2.2\n",
				"usr/lib/systemd/resolved.conf.d/0.conf": "[Resolve]\nDNS=192.0.2.3\nDNSOverTLS=opportunistic\n",
				"etc/systemd/resolved.conf.d/b.conf":     "[Resolve]\nDNSOverTLS=yes\n",
			},
			Config{DNS: []string{"192.0.2.3", "192.0.2.2"}, DNSOverTLS: "yes"},
		},
		"lines go on after a backslash": {
			map[string]string{"etc/systemd/resolved.conf": "[Resolve]\nDNS=192.0.2.1 \\\n# between\n192.0.2.2\nFallbackDNS=192.0.2.9 \\"},
			Config{DNS: []string{"192.0.2.1", "192.0.2.2"}, FallbackDNS: []string{"192.0.2.9"}},
		},
		"the main file of /usr/lib": {
			map[string]string{"usr/lib/systemd/resolved.conf": "[Resolve]\nDNS=192.0.2.1\n"},
			Config{DNS: []string{"192.0.2.1"}},
		},
	} {
		got, err := ReadConfig(machine(t, test.files), ours)
		if err != nil || !reflect.DeepEqual(*got, test.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestLater(t *testing.T) {
	root := machine(t, map[string]string{
		"etc/systemd/resolved.conf":              "[Resolve]\nDNS=192.0.2.1\n",
		"etc/systemd/resolved.conf.d/a.conf":     "[Resolve]\nDNS=192.0.2.1\n",
		"etc/systemd/resolved.conf.d/zz-e.conf":  "[Resolve]\nDNS=127.0.0.55\n",
		"etc/systemd/resolved.conf.d/zz-f.conf":  "[Resolve]\nCache=no\n",
		"run/systemd/resolved.conf.d/zzz.conf":   "[Resolve]\nDNS=192.0.2.2\n",
		"etc/systemd/resolved.conf.d/zzzz.conf":  "[Resolve]\nDomains=~.\n",
		"etc/systemd/resolved.conf.d/zzzz.conf2": "[Resolve]\nDNS=192.0.2.3\n",
	})
	got := strings.Join(Later(root, "/etc/systemd/resolved.conf.d/zz-e.conf"), " ")
	if got != "/run/systemd/resolved.conf.d/zzz.conf /etc/systemd/resolved.conf.d/zzzz.conf" {
		t.Error(got)
	}
}

// As systemd 252 tells them: its own server on the loopback is listed as link
// 1's, which has none.
func TestFacts(t *testing.T) {
	p := properties{
		"DNSEx": dbus.MakeVariant([][]any{
			{int32(1), int32(2), []byte{127, 0, 0, 55}, uint16(0), ""},
			{int32(2), int32(2), []byte{198, 51, 100, 53}, uint16(0), ""},
			{int32(3), int32(10), []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, uint16(5353), "name"},
			{int32(0), int32(2), []byte{192, 0, 2, 9}, uint16(0), ""},
			{"rubbish"},
		}),
		"DNSOverTLS": dbus.MakeVariant("no"), "DNSSEC": dbus.MakeVariant("yes"),
	}
	f, listed := managerFacts(p)
	if !reflect.DeepEqual(listed.links, []int{1, 2, 3}) || f.DNSOverTLS != "no" || f.DNSSEC != "yes" {
		t.Errorf("%+v %+v", listed, f)
	}
	two := linkFacts(2, properties{
		"DNSEx":        dbus.MakeVariant([][]any{{int32(2), []byte{198, 51, 100, 53}, uint16(0), ""}}),
		"Domains":      dbus.MakeVariant([][]any{{"example.org", false}, {"corp.example.", true}}),
		"DefaultRoute": dbus.MakeVariant(true), "ScopesMask": dbus.MakeVariant(uint64(25)), "DNSOverTLS": dbus.MakeVariant("yes"),
	})
	if !two.DefaultRoute || !two.Ready || two.DNSOverTLS != "yes" || !reflect.DeepEqual(two.Domains, []Domain{{"example.org", false}, {"corp.example", true}}) {
		t.Errorf("%+v", two)
	}
	three := linkFacts(3, properties{
		"DNSEx":      dbus.MakeVariant([][]any{{int32(10), []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, uint16(5353), "name"}}),
		"ScopesMask": dbus.MakeVariant(uint64(24)), // mDNS and LLMNR only
	})
	if three.Ready || three.Servers[0].Addr.String() != "2001:db8::1" || three.Servers[0].Port != 5353 {
		t.Errorf("%+v", three)
	}
	own := listed.global([]Link{two, three})
	if len(own) != 2 || own[0].Addr.String() != "127.0.0.55" || own[1].Addr.String() != "192.0.2.9" {
		t.Errorf("%+v", own)
	}
}
