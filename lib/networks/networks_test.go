package networks

import (
	"strings"
	"testing"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/testtools"
)

func TestOwn(t *testing.T) {
	o, err := NewOwn([]string{"198.51.100.0/24", "!10.99.0.0/16", "10.99.7.1", "!fd00:9::/32"})
	testtools.Must(t, err)
	for text, want := range map[string]bool{
		"10.1.2.3": true, "10.99.1.1": false, "10.99.7.1": true, "198.51.100.9": true, "192.0.2.1": false, "8.8.8.8": false,
		"169.254.169.254": true, "100.64.0.1": true, "100.128.0.1": false, "172.16.0.1": true, "172.32.0.1": false, "224.0.0.1": true,
		"255.255.255.255": true, "fe80::1": true, "fd12::1": true, "fd00:9::1": false, "2001:db8::1": false, "::ffff:10.0.0.1": true,
		"64:ff9b::a00:1": true, "64:ff9b::808:808": false, "10.0.0.0/24": true, "0.0.0.0/0": false, "::/0": false,
	} {
		p, ok := fold.Address([]byte(text))
		if got := o.Holds(p); !ok || got != want {
			t.Errorf("%s: %v", text, got)
		}
		if o.Holds(p) && !o.MayHold([]byte(text)) {
			t.Errorf("%s: MayHold is false", text)
		}
	}
	for _, text := range []string{"8.8.8.8", "2001:db8::1"} {
		if o.MayHold([]byte(text)) {
			t.Errorf("%s: MayHold is true", text)
		}
	}
	if _, err := NewOwn([]string{"10.0.0.0/33"}); err == nil {
		t.Error("a prefix that is none")
	}
}

func TestNames(t *testing.T) {
	bad := ""
	n, err := Read(strings.NewReader("192.0.2.0/24 Example Hosting\n192.0.2.7 One # of it\nx y\n192.0.2.9\n"), func(line int, err error) {
		bad += string(rune('0'+line)) + err.Error() + ";"
	})
	p, _ := fold.Address([]byte("192.0.2.7"))
	q, _ := fold.Address([]byte("192.0.2.8"))
	if err != nil || n.Of(p) != "One" || n.Of(q) != "Example Hosting" || bad != `3"x y": not a prefix and a name;4"192.0.2.9": not a prefix and a name;` {
		t.Error(err, n.Of(p), n.Of(q), bad)
	}
}
