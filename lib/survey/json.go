package survey

import (
	"encoding/json"
	"io"
	"time"

	"egress-monitor/lib/truth"
)

// The JSON of status. An unknown value is null. Fields are added, never removed.
type document struct {
	Enabled  bool               `json:"enabled"`
	Since    *string            `json:"since"`
	State    string             `json:"state"`
	Problems []string           `json:"problems"`
	Details  []detail           `json:"details"`
	Domains  fileJSON           `json:"domains"`
	IPs      fileJSON           `json:"ips"`
	Ways     map[string]wayJSON `json:"ways"`
	Minute   *string            `json:"last_minute"`
	DNSMasq  dnsmasqJSON        `json:"dnsmasq"`
	Rules    rulesJSON          `json:"rules"`
	Cron     bool               `json:"cron"`
	Notes    []string           `json:"notes"`
	Gaps     []string           `json:"gaps"`
}

type detail struct {
	Severity string  `json:"severity"`
	Text     string  `json:"text"`
	Since    *string `json:"since"`
}

type fileJSON struct {
	File       string  `json:"file"`
	Rows       *int64  `json:"rows"`
	Bytes      *int64  `json:"bytes"`
	LastCanary *string `json:"last_canary"`
	LastPoll   *string `json:"last_poll"`
	Rejected   *int64  `json:"rejected"`
	Future     *int64  `json:"future"`
	Folded     *int64  `json:"folded_for_others"`
	Overflowed *int64  `json:"overflowed"`
}

type wayJSON struct {
	Proved *string `json:"proved"` // when it was last proved to see
	Blind  *bool   `json:"blind"`
	Why    string  `json:"why,omitempty"`
}

type dnsmasqJSON struct {
	Address     string   `json:"address"`
	Active      *bool    `json:"active"`
	Answers     *bool    `json:"answers"`
	Logs        *bool    `json:"logs"`
	Upstream    []string `json:"upstream"`
	LinkDomains []string `json:"link_domains"`
}

type rulesJSON struct {
	IPTables  *bool `json:"iptables"`
	IP6Tables *bool `json:"ip6tables"`
	Recount   *bool `json:"recount"`
}

// JSON prints status for programs: one object.
func JSON(w io.Writer, f *Facts, v *Verdict) error {
	d := document{
		Enabled: f.Enabled, Since: orNull(f.Since), State: v.Severity().String(), Problems: []string{}, Details: []detail{},
		Domains: f.File(Domains).json(), IPs: f.File(IPs).json(),
		Ways: map[string]wayJSON{}, Cron: f.Enabled && f.Cron == "", Notes: list(f.Notes),
		DNSMasq: f.DNS.json(f.Settings.Listen.String()),
		Rules:   rulesJSON{f.family("IPv4"), f.family("IPv6"), f.Set.json()},
	}
	for _, p := range v.Problems {
		d.Problems = append(d.Problems, p.Text)
		d.Details = append(d.Details, detail{p.Severity.String(), p.Text, when(p.Since)})
	}
	for _, way := range ways {
		w := f.State.Way(way.name)
		d.Ways[way.name] = wayJSON{when(proved(w.Good, f.Now)), f.blind(w).json(), w.Why}
	}
	if m := f.State.Minute; !m.Wall.IsZero() {
		d.Minute = when(m.When(f.Now))
	}
	if !f.outsider() {
		d.Gaps = []string{}
	}
	for _, g := range f.Gaps {
		d.Gaps = append(d.Gaps, g.String())
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out.Encode(d)
}

func (f *File) json() fileJSON {
	count := func(n int) *int64 { return f.number(int64(n)) }
	return fileJSON{f.Name, count(f.Rows), f.number(f.Bytes), when(f.Canary), when(f.Poll),
		count(f.Rejected), count(f.Future), count(f.Wide), count(f.Overflowed)}
}

func (d *DNS) json(address string) dnsmasqJSON {
	j := dnsmasqJSON{Address: address, Active: d.Active.json(), Logs: d.Logs.json(), Upstream: list(d.Servers), LinkDomains: list(d.Domains)}
	if d.Asked {
		j.Answers = Is(d.Answers == nil).json()
	}
	return j
}

// blind tells whether a way is blind, as far as this user may read that.
func (f *Facts) blind(w *truth.Way) Known {
	if f.Closed {
		return Unknown
	}
	return Is(w.Blind)
}

func (f *Facts) family(name string) *bool {
	for _, r := range f.Rules {
		if r.Name == name {
			return r.Present.json()
		}
	}
	return nil
}

func (k Known) json() *bool {
	if k == Unknown {
		return nil
	}
	yes := k == Yes
	return &yes
}

func list(l []string) []string {
	if l == nil {
		return []string{}
	}
	return l
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func when(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return orNull(stamp(t))
}
