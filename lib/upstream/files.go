package upstream

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// ServersFile returns the plan as dnsmasq's servers-file.
func (p Plan) ServersFile() string {
	var b strings.Builder
	for _, s := range p.Servers {
		fmt.Fprintf(&b, "server=%s\n", s)
	}
	for _, r := range p.Routes {
		fmt.Fprintf(&b, "server=/%s/%s\n", r.Domain, r.Server)
	}
	return b.String()
}

// Words returns the servers as dnsmasq spells them.
func (p Plan) Words() (words []string) {
	for _, s := range p.Servers {
		words = append(words, s.String())
	}
	return words
}

// Text returns the servers, for people.
func (p Plan) Text() string { return cmp.Or(strings.Join(p.Words(), " "), "nobody") }

// Facts holds what the rules and status need to know of a plan. A file of lines
// "domain D", "port N" and "dnssec" keeps them: written with the servers, read each
// minute.
type Facts struct {
	Servers []string // as in the servers-file, without routes
	Domains []string
	Ports   []int // beside 53

	Validates bool // systemd-resolved does
}

// FactsFile returns the plan as that file.
func (p Plan) FactsFile() string {
	var lines []string
	for _, d := range p.Domains {
		lines = append(lines, "domain "+d)
	}
	servers := slices.Clone(p.Servers)
	for _, r := range p.Routes {
		servers = append(servers, r.Server)
	}
	for _, s := range servers {
		if s.Port != 53 {
			lines = append(lines, "port "+strconv.Itoa(int(s.Port)))
		}
	}
	if p.Validates {
		lines = append(lines, "dnssec")
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// ReadFacts reads both files. A missing file counts as empty.
func ReadFacts(serversFile, factsFile string) Facts {
	var f Facts
	text, _ := os.ReadFile(serversFile)
	for line := range strings.Lines(string(text)) {
		s, ok := strings.CutPrefix(strings.TrimSpace(line), "server=")
		if ok && !strings.HasPrefix(s, "/") {
			f.Servers = append(f.Servers, s)
		}
	}
	text, _ = os.ReadFile(factsFile)
	for line := range strings.Lines(string(text)) {
		word, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "domain":
			f.Domains = append(f.Domains, value)
		case "port":
			if n, err := strconv.Atoi(value); err == nil {
				f.Ports = append(f.Ports, n)
			}
		case "dnssec":
			f.Validates = true
		}
	}
	return f
}
