package hostlist

import (
	"fmt"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

var lists = []struct{ text, hosts, bad string }{
	{"", "", ""},
	{"a\n", "{a  a }", ""},
	{"a", "{a  a }", ""},
	{"\ufeffa\r\nb u@h:2\r\n", "{a  a }{b u h 2}", ""},
	{"a\tu@[2001:db8::7]:2222 # the standby\n#b\n\n \t\r\n", "{a u [2001:db8::7] 2222}", ""},
	{"a [::1]\n", "{a  [::1] }", ""},
	{"a b c\nd\n", "{d  d }", "1 more than a name and an address"},
	{"-a\n.b\n../c\n*\n", "", "1 not the name of a host, 2 not the name of a host, 3 not the name of a host, 4 not the name of a host"},
	{"a\na b\n", "{a  a }", "2 a name that was there before"},
	{"a h:0\nb h:65536\nc h:+1\nd h:01\ne @h\nf -u@h\ng [x]\nh ::1\n", "",
		"1 A, 2 A, 3 A, 4 A, 5 A, 6 A, 7 A, 8 A"},
	{strings.Repeat("a", 9000) + "\nb", "{b  b }", "1 too long"},
	{"#" + strings.Repeat("a", 9000) + "\nb", "{b  b }", "1 too long"},
	{strings.Repeat("a", 129), "", "1 not the name of a host"},
	{"a\x00b\n\xff\n", "", "1 not the name of a host, 2 not the name of a host"},
}

func TestRead(t *testing.T) {
	for _, test := range lists {
		list, err := Read(strings.NewReader(test.text))
		hosts, bad := "", []string{}
		for _, h := range list.Hosts {
			hosts += fmt.Sprint(h)
		}
		for _, b := range list.Bad {
			bad = append(bad, fmt.Sprintf("%d %v", b.Line, b.Why))
		}
		want := strings.ReplaceAll(test.bad, "A", errAddress.Error())
		if hosts != test.hosts || strings.Join(bad, ", ") != want || err != nil {
			t.Errorf("%.40q: %s, %q, %v", test.text, hosts, bad, err)
		}
	}
}

// FuzzRead: whatever the list, a name is a folder and no option, and an address
// is an argument and no option.
func FuzzRead(f *testing.F) {
	for _, test := range lists {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Read(strings.NewReader(text))
		testtools.Must(t, err)
		for _, h := range list.Hosts {
			for _, s := range []string{h.Name, h.User + h.Addr} {
				if s == "" || strings.ContainsAny(s, "/ \t\r\n;$`'\"\\") || strings.HasPrefix(s, "-") || strings.HasPrefix(s, ".") {
					t.Errorf("%q of %q", s, text)
				}
			}
		}
	})
}
