//go:build ignore

// Make rules.txt anew: go generate ./lib/suffix
//
// The rules are those of golang.org/x/net/publicsuffix, of the version in
// go.mod, which keeps them as a tree of labels in three packed tables (what is
// where in them is in its table.go).
package main

import (
	"encoding/binary"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const topLevel = 1450 // numTLD of table.go

var text, nodes, children []byte

func main() {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "golang.org/x/net/publicsuffix").Output()
	if err != nil {
		log.Fatal(err)
	}
	for name, into := range map[string]*[]byte{"text": &text, "nodes": &nodes, "children": &children} {
		if *into, err = os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "data", name)); err != nil {
			log.Fatal(err)
		}
	}
	rules := walk(nil, 0, topLevel, "")
	slices.Sort(rules)
	if err := os.WriteFile("rules.txt", []byte(strings.Join(rules, "\n")+"\n"), 0o644); err != nil {
		log.Fatal(err)
	}
}

// walk appends the rules of nodes lo to hi, which stand below parent.
func walk(rules []string, lo, hi uint32, parent string) []string {
	for i := lo; i < hi; i++ {
		node := binary.BigEndian.Uint64(append([]byte{0, 0, 0}, nodes[5*i:5*i+5]...))
		length, offset := node&(1<<6-1), node>>6&(1<<16-1)
		name := string(text[offset:offset+length]) + parent
		kids := binary.BigEndian.Uint32(children[4*(node>>23&(1<<10-1)):])
		switch kids >> 28 & 3 {
		case 0:
			rules = append(rules, name)
		case 1:
			rules = append(rules, "!"+name)
		}
		if kids>>30&1 != 0 {
			rules = append(rules, "*."+name)
		}
		rules = walk(rules, kids&(1<<14-1), kids>>14&(1<<14-1), "."+name)
	}
	return rules
}
