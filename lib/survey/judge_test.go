package survey

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/gaps"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/testtools"
	"egress-monitor/lib/truth"
)

var t0 = time.Date(2026, 2, 8, 21, 30, 0, 0, time.UTC)

// at is the moment so many seconds after t0, an hour after the start.
func at(seconds int) truth.Moment {
	d := time.Duration(seconds) * time.Second
	return truth.Moment{Wall: t0.Add(d), Mono: time.Hour + d}
}

// well is a machine on which all is well, a minute after t0.
func well() *Facts {
	f := &Facts{
		Now: at(60), Root: true, Enabled: true, Since: "2026-02-01T00:00:00Z", Booted: time.Hour, Settings: settings.Default(),
		State: &truth.State{Minute: at(32)}, Files: map[string]*File{},
		DNS:      DNS{Active: Yes, Asked: true, Logs: Yes, Servers: []string{"192.0.2.53"}},
		Firewall: Firewall{Rules: []Family{{"IPv4", Yes, 7}, {"IPv6", Yes, 8}}},
	}
	for _, name := range []string{truth.Names, truth.Resolver, truth.Addresses, truth.Upstream} {
		f.State.Way(name).Seen(5, at(30))
	}
	for name, path := range map[string]string{Domains: "/l/unique-domains.log", IPs: "/l/unique-ips.log"} {
		f.Files[name] = &File{Name: path, State: Read, Rows: 3, Bytes: 99, Canary: t0.Add(30 * time.Second), Poll: t0.Add(31 * time.Second)}
	}
	return f
}

type judged struct {
	name   string
	change func(f *Facts)
	want   string // of check's line, without EGRESS and the numbers
}

var cases = []judged{
	{"all is well", func(f *Facts) {}, "OK - names seen 30 s ago, addresses 30 s ago"},
	{"off", func(f *Facts) { f.Enabled = false }, "UNKNOWN - not enabled (egress-monitor enable)"},
	{"half on", func(f *Facts) { f.Enabled, f.Half = false, true }, "UNKNOWN - an enable was interrupted (egress-monitor enable, or disable)"},
	{"just enabled", func(f *Facts) { f.State, f.Since = &truth.State{}, "2026-02-08T21:30:00Z" },
		"WARNING - nothing was seen yet: the first minute has not passed"},
	{"just booted", func(f *Facts) { f.State, f.Booted = &truth.State{}, time.Minute },
		"WARNING - nothing was seen yet: the first minute has not passed"},
	{"no minute since the boot", func(f *Facts) { f.State = &truth.State{} },
		"CRITICAL - cron has not run egress-monitor's minute since the machine started (journalctl -t egress-monitor; systemctl status cron)"},

	// twelve ways of going blind, and some more
	{"dnsmasq down", func(f *Facts) { f.DNS.Active, f.DNS.Answers = No, errors.New("refused") },
		"CRITICAL - names: blind since 2026-02-08T21:30:30Z: dnsmasq is down (systemctl status egress-monitor-dnsmasq)"},
	{"dnsmasq hangs", func(f *Facts) { f.DNS.Answers = errors.New("timeout") },
		"CRITICAL - names: blind since 2026-02-08T21:30:30Z: dnsmasq does not answer (timeout; systemctl restart egress-monitor-dnsmasq)"},
	{"no query log", func(f *Facts) { f.DNS.Logs, f.DNS.Log = No, errors.New("dnsmasq does not write its log") },
		"CRITICAL - names: blind since 2026-02-08T21:30:30Z: dnsmasq does not write its log"},
	{"another resolver", func(f *Facts) { f.DNS.System = errors.New("/etc/resolv.conf asks 192.0.2.9") },
		"CRITICAL - resolver: blind since 2026-02-08T21:30:30Z: the system's resolver does not ask dnsmasq (/etc/resolv.conf asks 192.0.2.9)"},
	{"bypassed", func(f *Facts) { f.DNS.Bypassed = true },
		"CRITICAL - resolver: blind since 2026-02-08T21:30:30Z: names go past dnsmasq, because it could not be brought back (journalctl -u egress-monitor-dnsmasq)"},
	{"upstreams dead", func(f *Facts) { f.DNS.Upstream = errors.New("no name server answers") },
		"CRITICAL - names do not resolve since 2026-02-08T21:30:30Z: no name server answers"},
	{"rules flushed", func(f *Facts) {
		f.Trouble = []Trouble{{"IPv4: the firewall rules are missing", "egress-monitor heal", true, truth.Addresses}}
	},
		"CRITICAL - addresses: blind since 2026-02-08T21:30:30Z: IPv4: the firewall rules are missing (egress-monitor heal)"},
	{"no kernel lines", func(f *Facts) { f.State.Way(truth.Addresses).Missed(5, at(60), "no lines") },
		"CRITICAL - addresses: blind since 2026-02-08T21:30:30Z: no lines"},
	{"cron down", func(f *Facts) { f.Cron = "cron does not run" }, "CRITICAL - nothing polls since 2026-02-08T21:30:32Z: cron does not run"},
	{"minutes do not pass", func(f *Facts) { f.Now = at(200) },
		"CRITICAL - nothing polls since 2026-02-08T21:30:32Z: cron runs, but egress-monitor's minute does not finish (journalctl -t egress-monitor; cron ignores /etc/cron.d/egress-monitor if others may write it)"},
	{"minutes do not pass, but polls are at work", func(f *Facts) { f.Now, f.State.Polling = at(200), at(140) }, "OK - names seen 170 s ago, addresses 170 s ago"},
	{"a poll fails", func(f *Facts) {
		f.State.Way(truth.Addresses).Missed(5, at(60), "the poll fails: no space")
		f.State.Task(IPs).Done(errors.New("no space"), at(60))
	}, "CRITICAL - addresses: blind since 2026-02-08T21:30:30Z: the poll fails: no space"},
	{"a clock that was ahead, and both polls fail", func(f *Facts) {
		f.State.Way(truth.Names).Missed(5, at(60), "the poll fails: x")
		f.State.Way(truth.Addresses).Missed(5, at(60), "the poll fails: y")
		f.Files[Domains].Canary = t0.AddDate(10, 0, 0)
	}, "CRITICAL - names: blind since 2026-02-08T21:30:30Z: the poll fails: x; addresses: blind since 2026-02-08T21:30:30Z: the poll fails: y"},

	// never seen in this boot: the files are what there is
	{"blind since before the boot", func(f *Facts) {
		f.State.Ways[truth.Names] = &truth.Way{Blind: true, Why: "x"}
	}, "CRITICAL - names: blind since 2026-02-08T21:30:30Z: x"},
	{"blind since enabled", func(f *Facts) {
		f.State.Ways[truth.Names] = &truth.Way{Blind: true, Why: "x"}
		f.Files[Domains].Canary = time.Time{}
	}, "CRITICAL - names: blind since 2026-02-01T00:00:00Z: x"},
	{"blind since enabled, and the clock was ahead once", func(f *Facts) {
		f.State.Ways[truth.Names] = &truth.Way{Blind: true, Why: "x"}
		f.Files[Domains].Canary = t0.AddDate(10, 0, 0)
	}, "CRITICAL - names: blind since 2026-02-01T00:00:00Z: x"},
	{"the clock was set back by a year", func(f *Facts) {
		f.Now.Wall = f.Now.Wall.AddDate(-1, 0, 0)
		f.DNS.Active, f.DNS.Answers = No, errors.New("")
	},
		"CRITICAL - names: blind since 2025-02-08T21:30:30Z: dnsmasq is down (systemctl status egress-monitor-dnsmasq)"},

	// warnings
	{"rows of the future", func(f *Facts) {
		f.Files[IPs].Future, f.Files[IPs].FutureKey, f.Files[IPs].FutureTime = 2, "192.0.2.1", "2036-01-01T00:00:00Z"
	},
		"WARNING - 2 row(s) of unique-ips.log are from the future (192.0.2.1: 2036-01-01T00:00:00Z): a clock was ahead (timedatectl)"},
	{"folded", func(f *Facts) {
		f.Files[Domains].Wide, f.Files[Domains].WideKey = 1, "*.com"
		f.State.Full = map[string]time.Time{"unique-domains.log": t0}
	}, "WARNING - 1 row(s) of unique-domains.log stand for names or addresses that are gone since 2026-02-08T21:30:00Z (*.com): what had no room was folded (to begin anew: mv the file away)"},
	{"overflowed", func(f *Facts) { f.Files[Domains].Overflowed, f.Files[Domains].FullKey = 1, "x.example" },
		"WARNING - 1 name(s) of unique-domains.log led to more addresses than are kept (x.example)"},
	{"damaged", func(f *Facts) { f.Files[IPs].Rejected, f.Files[IPs].Aside = 3, t0 },
		"WARNING - 3 damaged row(s) of unique-ips.log were moved to unique-ips.log.rejected"},
	{"damaged long ago", func(f *Facts) { f.Files[IPs].Rejected, f.Files[IPs].Aside = 3, t0.Add(-2*time.Hour) }, "OK - names seen 30 s ago, addresses 30 s ago"},
	{"a gap", func(f *Facts) {
		f.Gaps = []gaps.Gap{{At: t0.Add(-2 * time.Hour), Text: "old gap"}, {At: t0, Text: "a gap | x"}}
	},
		"WARNING - 1 gap(s) in the last hour, the last: 2026-02-08T21:30:00Z a gap / x"},
	{"a gap of a clock that was ahead", func(f *Facts) { f.Gaps = []gaps.Gap{{At: t0.Add(2 * time.Hour), Text: "gap"}} },
		"OK - names seen 30 s ago, addresses 30 s ago"},
	{"a gap that check told while it lasted", func(f *Facts) { f.Gaps = []gaps.Gap{{At: t0, Text: gaps.Blind + "x"}} },
		"OK - names seen 30 s ago, addresses 30 s ago; 2026-02-08T21:30:00Z gap, told while it lasted: x"},
	{"a gap that the admin has caused", func(f *Facts) { f.Gaps = []gaps.Gap{{At: t0, Text: gaps.Planned + "x"}} },
		"OK - names seen 30 s ago, addresses 30 s ago; 2026-02-08T21:30:00Z gap, planned: x"},
	{"settings", func(f *Facts) { f.Wrong = "f: line 1: x" }, "WARNING - f: line 1: x; the settings of the last enable are in force"},
	{"settings that were edited", func(f *Facts) { f.Pending = []string{"EGRESS_SOURCE", "EGRESS_FORWARD"} },
		"WARNING - EGRESS_SOURCE, EGRESS_FORWARD: changed in /etc/default/egress-monitor, and not in force yet (egress-monitor enable)"},
	{"heal fails", func(f *Facts) { f.State.Task(truth.Healing).Done(errors.New("x"), at(0)) }, "WARNING - putting things right fails since 2026-02-08T21:30:00Z: x"},
	{"a poll is at work", func(f *Facts) { f.State.Task(IPs).Busy = at(0) }, "WARNING - the poll of addresses has been at work since 2026-02-08T21:30:00Z"},
	{"a poll hangs", func(f *Facts) { f.State.Task(Domains).Busy = at(-300) }, "CRITICAL - the poll of names has been at work since 2026-02-08T21:25:00Z"},
	{"a trouble that makes no way blind", func(f *Facts) { f.Trouble = []Trouble{{Text: "x", Do: "mend it", Critical: true}} }, "CRITICAL - x (mend it)"},
	{"a lesser trouble", func(f *Facts) { f.Trouble = []Trouble{{Text: "NOTRACK"}} }, "WARNING - NOTRACK"},

	// without root
	{"nobody", func(f *Facts) {
		f.Root, f.Closed, f.User, f.State = false, true, "nobody", &truth.State{}
		f.Files[Domains].State, f.Files[IPs].State = Closed, Closed
	}, "UNKNOWN - the files are not readable for nobody (group adm may)"},
	{"upstreams dead, seen by adm", func(f *Facts) {
		f.Root = false
		f.State.Way(truth.Upstream).Missed(0, at(60), "no name server answers")
	},
		"CRITICAL - names do not resolve since 2026-02-08T21:30:30Z: no name server answers"},

	{"the worst comes first", func(f *Facts) { f.Wrong = "w"; f.Cron = "c"; f.Files[IPs].Rejected, f.Files[IPs].Aside = 3, t0 },
		"CRITICAL - nothing polls since 2026-02-08T21:30:32Z: c; 3 damaged row(s) of unique-ips.log were moved to unique-ips.log.rejected; w; the settings of the last enable are in force"},
}

// numbers returns those of check's line. A user who may not read the files gets none.
func (c *judged) numbers() string {
	if c.name == "nobody" {
		return "domains=U ips=U"
	}
	return "domains=3 ips=3"
}

func TestJudge(t *testing.T) {
	for _, test := range cases {
		f := well()
		test.change(f)
		v := Judge(f)
		line := Line(f, v)
		want := "EGRESS " + test.want
		if got, numbers, _ := strings.Cut(line, " | "); got != want || numbers != test.numbers() {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, line, want)
		}
		state, _, _ := strings.Cut(test.want, " ")
		if status := map[string]Severity{"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}[state]; v.Severity() != status {
			t.Errorf("%s: status %d", test.name, v.Severity())
		}
	}
}

// Each result can be printed in each form.
func TestForms(t *testing.T) {
	for _, test := range cases {
		f := well()
		test.change(f)
		v := Judge(f)
		var text, doc, metrics bytes.Buffer
		if Text(&text, f, v); !f.Enabled && !f.Half && !strings.HasPrefix(text.String(), "egress-monitor is off") {
			t.Errorf("%s: %s", test.name, text.String())
		}
		if strings.Contains(text.String(), "gaps         not readable for") != f.outsider() {
			t.Errorf("%s: gaps in %s", test.name, text.String())
		}
		var parsed struct {
			State    string
			Enabled  bool
			Problems []string
			Ways     map[string]struct{ Proved *string }
		}
		testtools.Must(t, JSON(&doc, f, v))
		if err := json.Unmarshal(doc.Bytes(), &parsed); err != nil || parsed.State != v.Severity().String() || len(parsed.Problems) != len(v.Problems) {
			t.Errorf("%s: %v in %s", test.name, err, doc.String())
		}
		testtools.Must(t, Metrics(&metrics, f, v))
		for line := range strings.Lines(metrics.String()) {
			if f := strings.Fields(line); !strings.HasPrefix(line, "# ") && (len(f) != 2 || !strings.HasPrefix(line, "egress_monitor_")) {
				t.Errorf("%s: metric %q", test.name, line)
			}
		}
	}
}

// A user who may not read the files and the state gets no zeros for what is not known.
func TestNotReadable(t *testing.T) {
	f := well()
	cases[slices.IndexFunc(cases, func(c judged) bool { return c.name == "nobody" })].change(f)
	f.Files[Domains].Rows, f.Files[IPs].Rows = 0, 0
	var doc, metrics, text bytes.Buffer
	v := Judge(f)
	testtools.Must(t, JSON(&doc, f, v))
	for _, want := range []string{`"rows":null`, `"bytes":null`, `"overflowed":null`, `"blind":null`, `"gaps":null`} {
		if !strings.Contains(doc.String(), want) {
			t.Errorf("no %s in %s", want, doc.String())
		}
	}
	if testtools.Must(t, Metrics(&metrics, f, v)); strings.Contains(metrics.String(), "\negress_monitor_blind{") ||
		strings.Contains(metrics.String(), "\negress_monitor_gaps") || strings.Contains(metrics.String(), "\negress_monitor_rows{") {
		t.Error(metrics.String())
	}
	if Text(&text, f, v); !regexp.MustCompile(`(?m)^rows +unknown +unknown$`).MatchString(text.String()) {
		t.Error(text.String())
	}
}

// Names that others have written neither reach the terminal as control bytes nor
// make a line of their own.
func TestHostile(t *testing.T) {
	evil := "\x1b[2J\x9b|\nEGRESS OK - \r\x00" + strings.Repeat("x", 1<<20)
	f := well()
	f.Files[IPs].Future, f.Files[IPs].FutureKey, f.Files[IPs].WideKey, f.Files[IPs].Wide = 1, evil, evil, 1
	f.Notes, f.DNS.Domains, f.Cron, f.Wrong = []string{evil}, []string{evil}, evil, evil
	f.State.Way(truth.Names).Missed(5, at(60), evil)
	v := Judge(f)
	for _, p := range v.Problems {
		if len(p.Text) > longest {
			t.Errorf("a problem of %d bytes", len(p.Text))
		}
	}
	line := Line(f, v)
	if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c > '~' }) || strings.Count(line, "|") != 1 || len(line) > 10*longest {
		t.Errorf("%d bytes: %.500q", len(line), line)
	}
	var text bytes.Buffer
	Text(&text, f, v)
	if bytes.ContainsFunc(text.Bytes(), func(c rune) bool { return (c < ' ' || c > '~') && c != '\n' }) || strings.Contains(text.String(), "\nEGRESS") {
		t.Errorf("%.5000q", text.String())
	}
}

func TestMetrics(t *testing.T) {
	f := well()
	f.DNS.Active, f.DNS.Answers = No, errors.New("x")
	f.State.Way(truth.Names).Missed(5, at(60), "x")
	var out bytes.Buffer
	testtools.Must(t, Metrics(&out, f, Judge(f)))
	for _, want := range []string{
		"egress_monitor_enabled 1\n", "egress_monitor_state 2\n", `egress_monitor_problems{severity="critical"} 1` + "\n",
		`egress_monitor_blind{way="names"} 1` + "\n", `egress_monitor_blind{way="addresses"} 0` + "\n",
		`egress_monitor_proved_timestamp_seconds{way="names"} 1770586230` + "\n", `egress_monitor_rows{file="ips"} 3` + "\n",
		`egress_monitor_logged_packets_total{family="IPv6"} 8` + "\n", "# TYPE egress_monitor_rows gauge\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
}
