package setcursor

import (
	"strings"
	"testing"
	"time"
)

var (
	t0   = time.Date(2026, 11, 26, 5, 30, 0, 0, time.UTC)
	mine = Cursor{Set: "9f86d081884c7d65", G: 12, From: t0, To: t0.Add(time.Minute)}
)

const token = "set=9f86d081884c7d65;g=12;from=2026-11-26T05:30:00Z;to=2026-11-26T05:31:00Z"

func TestToken(t *testing.T) {
	ended := mine
	ended.End = true
	for text, want := range map[string]Cursor{token: mine, token + ";end": ended} {
		if got := want.String(); got != text {
			t.Errorf("%+v is %s, want %s", want, got, text)
		}
		if got, ok := Parse(text); !ok || got != want {
			t.Errorf("%s is %+v, %v; want %+v", text, got, ok, want)
		}
	}
	for _, bad := range []string{
		"", ";", "end", ";end", token + ";", token + ";end;end", token + " ", "x" + token, strings.Replace(token, "g=12", "g=012", 1),
		strings.Replace(token, "g=12", "g=-1", 1), strings.Replace(token, "9f", "9F", 1), strings.Replace(token, "9f", "", 1),
		strings.Replace(token, "g=12", "g=99999999999999999999", 1), strings.Replace(token, "05:30:00Z", "05:30:00+00:00", 1),
		"s=bc2d45c0ac134b119012b0accf05c66f;i=20;b=27108b337eeb4cecbd723c3fa77bb9e0;m=10aef73a7;t=660ed2d098b98;x=9213cfbca60b412f",
	} {
		if got, ok := Parse(bad); ok {
			t.Errorf("%q is %+v", bad, got)
		}
	}
}

func TestGap(t *testing.T) {
	with := func(change func(*Cursor)) Cursor { c := mine; change(&c); return c }
	next := with(func(c *Cursor) { c.G, c.From, c.To = 13, mine.To, mine.To.Add(time.Minute) })
	other := with(func(c *Cursor) { c.Set, c.G, c.From = "0123456789abcdef", 1, mine.To.Add(time.Hour) })
	skipped := with(func(c *Cursor) { c.G, c.From = 15, mine.To.Add(time.Hour) })
	ended := with(func(c *Cursor) { c.End = true })
	late := with(func(c *Cursor) { c.G, c.From = 13, mine.To.Add(time.Hour) })
	for _, x := range []struct {
		what       string
		last, next Cursor
		gap        bool
	}{
		{"the next", mine, next, false},
		{"another table", mine, other, true},
		{"another table, after an end", ended, other, false},
		{"generations left out", mine, skipped, true},
		{"generations left out, after an end", ended, skipped, true},
		{"the next, later", mine, late, true},
		{"the next, later, after an end", ended, late, false},
	} {
		from, to, why, ok := x.last.Gap(x.next)
		if ok != x.gap || ok && (!from.Equal(mine.To) || !to.Equal(mine.To.Add(time.Hour)) || why == "") {
			t.Errorf("%s: %v %v %q %v", x.what, from, to, why, ok)
		}
	}
	if !mine.Counted(mine) || mine.Counted(next) || mine.Counted(other) || !next.Counted(mine) {
		t.Error("Counted")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(token)
	f.Add(token + ";end")
	f.Fuzz(func(t *testing.T, text string) {
		if c, ok := Parse(text); ok && c.String() != text {
			t.Errorf("%q is %+v, which is %q", text, c, c.String())
		}
	})
}
