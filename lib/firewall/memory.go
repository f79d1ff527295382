package firewall

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"egress-monitor/lib/nfnetlink"
	"egress-monitor/lib/runfile"
)

// A memory holds the facts about the rules of this boot, in Dir/firewall.json.
type memory struct {
	Before map[string]before // what "ip" and "ip6" had of table mangle of nf_tables before us; nil: not noted
	Wanted string            // the rules that were made, as they were given to iptables-restore
	Kernel map[string]string // our part of each backend, as iptables-save showed it then
	Absent string            // the reason that IPv6 has no rules
	Off    bool              // no rules are wanted

	Gen    uint32 // of nf_tables, when the rules were read last
	Legacy string
	Handle string
	Logged map[string]uint64
	GoodAt time.Time // the last check that found the rules good
}

// before is the state of a family's table mangle before us.
type before struct {
	Table  bool
	Chains []string // built-in ones
}

func (f *Firewall) file() string { return filepath.Join(f.Dir, "firewall.json") }

// load reads the memory. If there is none, Do makes the rules anew, and Undo
// removes nothing else.
func (f *Firewall) load() *memory {
	m := &memory{}
	if !runfile.Load(f.file(), m) {
		m = &memory{}
	}
	if m.Kernel == nil {
		m.Kernel = map[string]string{}
	}
	return m
}

func (f *Firewall) save(m *memory) error { return runfile.Save(f.file(), m) }

func (f *Firewall) removeMemory() error { return runfile.Remove(f.file()) }

func (f *Firewall) time() time.Time {
	if f.now != nil {
		return f.now()
	}
	return time.Now()
}

// forgotten returns a copy without the text of the rules. It keeps the state before
// us, and the time since which the rules may be missing.
func (m *memory) forgotten() *memory {
	return &memory{Before: m.Before, Absent: m.Absent, Off: m.Off, GoodAt: m.GoodAt, Kernel: map[string]string{}}
}

// since notes that the rules are good now. It returns a gap if they were flushed
// and put back meanwhile: then their handles differ, or their counters began anew.
func (f *Firewall) since(m *memory, s *sight) (said []string) {
	if !s.unchanged && !m.GoodAt.IsZero() && (s.handle != m.Handle || s.fewerThan(m)) {
		said = append(said, "gap: "+gapText(m.GoodAt, f.time()))
	}
	f.sawGood(m, s)
	return said
}

func (s *sight) fewerThan(m *memory) bool {
	for at, n := range m.Logged {
		if s.logged[at] < n {
			return true
		}
	}
	return false
}

func (f *Firewall) sawGood(m *memory, s *sight) {
	m.GoodAt, m.Gen, m.Legacy = f.time(), s.gen, s.legacy
	if !s.unchanged {
		m.Handle, m.Logged = s.handle, s.logged
	}
}

// noteBefore notes the state before our rules, unless a note is there already. If
// our rules are there without a note, that state is unknown.
func (f *Firewall) noteBefore(m *memory, s *sight) {
	if m.Before == nil {
		m.Before = f.olderNotes()
	}
	if m.Before != nil || s.ours[ip4.in(nft)]+s.ours[ip6.in(nft)] != "" {
		return
	}
	c, err := nfnetlink.Dial()
	if err != nil {
		return
	}
	defer c.Close()
	tables, err := c.Tables()
	if err != nil && !errors.Is(err, nfnetlink.ErrAbsent) {
		return
	}
	found, _ := c.Chains()
	m.Before = map[string]before{}
	for _, fam := range families {
		m.Before[fam.name()] = noteOf(fam, tables, found)
	}
}

func noteOf(fam family, tables []nfnetlink.Table, found []nfnetlink.Chain) (b before) {
	b.Table = fam.isIn(tables)
	for _, c := range found {
		if c.Family == byte(fam) && c.Table == "mangle" && c.Base {
			b.Chains = append(b.Chains, c.Name)
		}
	}
	return b
}

// HandOver writes, for the version of shell scripts, the rules that were there before
// us in the form that it knows (see olderNotes), and forgets the rest.
func (f *Firewall) HandOver() error {
	for fam, had := range f.load().Before {
		name := "iptables"
		if fam == ip6.name() {
			name = "ip6tables"
		}
		words := []string{"new"}
		if had.Table {
			words[0] = "there"
		}
		text := strings.Join(append(words, had.Chains...), " ") + "\n"
		if err := os.WriteFile(filepath.Join(f.Dir, name+".table"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return f.removeMemory()
}

// olderNotes reads the notes of the previous version: "there OUTPUT FORWARD" or
// "new" in iptables.table, and the same for IPv6.
func (f *Firewall) olderNotes() map[string]before {
	notes := map[string]before{}
	for _, fam := range families {
		text, err := os.ReadFile(filepath.Join(f.Dir, fam.tables()+".table"))
		if words := strings.Fields(string(text)); err == nil && len(words) > 0 {
			notes[fam.name()] = before{Table: words[0] == "there", Chains: words[1:]}
		}
	}
	if len(notes) == 0 {
		return nil
	}
	return notes
}
