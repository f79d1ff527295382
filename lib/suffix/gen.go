//go:build ignore

// Make rules.txt from the official list: go generate ./lib/suffix
//
// The list is the file of Debian's package publicsuffix, or the first argument.
// Debian gives the file the date of the list.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
)

func main() {
	name := "/usr/share/publicsuffix/public_suffix_list.dat"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	info, err := os.Stat(name)
	if err != nil {
		log.Fatal(err)
	}
	list, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	rules := rulesOf(list)
	out := fmt.Sprintf("// %s\n%s\n", info.ModTime().UTC().Format("2006-01-02"), strings.Join(rules, "\n"))
	if err := os.WriteFile("rules.txt", []byte(out), 0o644); err != nil {
		log.Fatal(err)
	}
}

// rulesOf returns the rules of the list, sorted, with all names in ASCII. A rule
// ends at the first blank; a line that begins with // is a comment.
func rulesOf(list []byte) (rules []string) {
	in := bufio.NewScanner(bytes.NewReader(list))
	for in.Scan() {
		rule, _, _ := strings.Cut(strings.TrimSpace(in.Text()), " ")
		if rule == "" || strings.HasPrefix(rule, "//") {
			continue
		}
		labels := strings.Split(rule, ".")
		for i, label := range labels {
			labels[i] = ascii(label)
		}
		rules = append(rules, strings.Join(labels, "."))
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// ascii returns a label as DNS has it (RFC 3492, the algorithm of section 6.3).
func ascii(label string) string {
	var out []byte
	runes := []rune(label)
	for _, r := range runes {
		if r < 0x80 {
			out = append(out, byte(r))
		}
	}
	if len(out) == len(runes) {
		return label
	}
	n, delta, bias := rune(0x80), 0, 72
	basic := len(out)
	handled := basic
	if basic > 0 {
		out = append(out, '-')
	}
	for handled < len(runes) {
		next := rune(0x7fffffff) // the smallest that is not handled yet
		for _, r := range runes {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (handled + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			} else if r == n {
				out = appendNumber(out, delta, bias)
				bias = adapt(delta, handled+1, handled == basic)
				delta, handled = 0, handled+1
			}
		}
		delta, n = delta+1, n+1
	}
	return "xn--" + string(out)
}

// appendNumber appends a number with digits of variable weight.
func appendNumber(out []byte, q, bias int) []byte {
	const digits = "abcdefghijklmnopqrstuvwxyz0123456789"
	for k := 36; ; k += 36 {
		t := min(max(k-bias, 1), 26)
		if q < t {
			return append(out, digits[q])
		}
		out = append(out, digits[t+(q-t)%(36-t)])
		q = (q - t) / (36 - t)
	}
}

func adapt(delta, points int, first bool) (bias int) {
	if delta /= 2; first {
		delta /= 350
	}
	delta += delta / points
	for ; delta > 35*26/2; delta /= 35 {
		bias += 36
	}
	return bias + 36*delta/(delta+38)
}
