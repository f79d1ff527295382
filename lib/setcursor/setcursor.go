// Package setcursor reads and prints the cursor of counting sets of nftables.
//
// The sets are replaced by new, empty ones at each poll (package countset), and
// each such generation is read once. A cursor names the last generation that was
// read:
//
//	set=9f86d081884c7d65;g=12;from=2026-11-26T05:30:00Z;to=2026-11-26T05:31:00Z
//
// set is a random number that the table got when it was made. g counts its
// generations from 1. from and to are the times at which the generation began and
// ended. ";end" after them means that the table ended with it on purpose: the time
// until the next table is no gap.
package setcursor

import (
	"fmt"
	"strings"
	"time"
)

// A Cursor names a generation of a table.
type Cursor struct {
	Set      string // 16 hexadecimal digits
	G        uint64
	From, To time.Time // to the second
	End      bool
}

// String returns the cursor as a token: printable, without a blank.
func (c Cursor) String() string {
	s := fmt.Sprintf("set=%s;g=%d;from=%s;to=%s", c.Set, c.G, stamp(c.From), stamp(c.To))
	if c.End {
		s += ";end"
	}
	return s
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Parse parses the output of String. ok is false for any other text.
func Parse(token string) (c Cursor, ok bool) {
	var from, to string
	rest, end := strings.CutSuffix(token, ";end")
	fmt.Sscanf(rest, "set=%16s;g=%d;from=%20s;to=%20s", &c.Set, &c.G, &from, &to)
	c.From, _ = time.Parse(time.RFC3339, from)
	c.To, _ = time.Parse(time.RFC3339, to)
	c.End = end
	return c, ValidID(c.Set) && c.String() == token // whatever was not read is not printed again
}

// ValidID reports whether text can be the number of a table.
func ValidID(text string) bool {
	return len(text) == 16 && strings.Trim(text, "0123456789abcdef") == ""
}

// Counted reports whether the generation of next is among those that were read
// when the cursor was c.
func (c Cursor) Counted(next Cursor) bool { return c.Set == next.Set && next.G <= c.G }

// Gap returns the time between c and next in which connections were not counted, and
// the reason; ok is false if there is no such time.
func (c Cursor) Gap(next Cursor) (from, to time.Time, why string, ok bool) {
	switch {
	case c.End && c.Set != next.Set:
		return from, to, "", false
	case c.Set != next.Set:
		return c.To, next.From, "the set that was read last is gone (its rules were flushed, or the machine started anew)", true
	case next.G != c.G+1:
		return c.To, next.From, "generations of the set were not read", true
	case next.From.After(c.To) && !c.End:
		return c.To, next.From, "the rules were stopped meanwhile", true
	}
	return from, to, "", false
}
