package position

import (
	"fmt"
	"reflect"
	"testing"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/journal"
	"egress-monitor/lib/testtools"
)

const (
	bootA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	bootB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	bootC = "cccccccccccccccccccccccccccccccc"
)

func token(boot string, mono, real int64) string {
	return fmt.Sprintf("s=%032x;i=1;b=%s;m=%x;t=%x;x=1", 7, boot, mono, real)
}

func seek(b Place) string { return fmt.Sprintf("b=%s;m=%x;t=%x", b.Boot, b.Mono, b.Real) }

// read reads times at a place, and ends at a token. It returns which were new.
func read(t *testing.T, p Position, at, token string, limit int, boots []string, times ...int64) (next Position, fresh []int64, gap bool) {
	t.Helper()
	r, err := p.Read(at)
	testtools.Must(t, err)
	for _, micros := range times {
		if r.New(micros) {
			fresh = append(fresh, micros)
		}
	}
	next, err = r.End(token, limit, boots)
	testtools.Must(t, err)
	back, ok := Parse(next.Trailer())
	if !ok || next.Token != "" && !reflect.DeepEqual(back, next) {
		t.Fatalf("%+v comes back as %+v, %v", next, back, ok)
	}
	return next, fresh, r.Gap()
}

func want(t *testing.T, what string, got []int64, gap bool, fresh ...int64) {
	t.Helper()
	if gap || fmt.Sprint(got) != fmt.Sprint(fresh) {
		t.Errorf("%s: new %v, want %v; gap %v", what, got, fresh, gap)
	}
}

func TestBoots(t *testing.T) {
	p, fresh, gap := read(t, Position{}, Seek(bootA), token(bootA, 3, 12), 0, nil, 10, 12, 12)
	want(t, "the first boot", fresh, gap, 10, 12, 12)
	p, fresh, gap = read(t, p, seek(p.Last), token(bootA, 3, 12), 0, nil, 12, 12, 12)
	want(t, "one more of the same time", fresh, gap, 12)
	p, fresh, gap = read(t, p, seek(p.Last), token(bootA, 5, 4), 0, nil, 12, 12, 12, 13, 4)
	want(t, "a clock that is set back", fresh, gap, 13, 4)
	p, fresh, gap = read(t, p, Seek(bootB), token(bootB, 2, 2), 0, []string{bootA, bootB, bootC}, 1, 2)
	want(t, "another boot, with an earlier clock", fresh, gap, 1, 2)
	if _, err := p.Read(Seek(bootC)); err == nil {
		t.Error("a boot that is known to be read is read")
	}
	a, _ := p.find(bootA)
	p, fresh, gap = read(t, p, seek(a), token(bootA, 6, 3), 0, nil, 4, 3)
	want(t, "the first boot again", fresh, gap, 3)
	b, _ := p.find(bootB)
	idle, fresh, gap := read(t, p, seek(b), token(bootB, 2, 2), 0, nil, 2)
	want(t, "nothing new in an older one", fresh, gap)
	if !reflect.DeepEqual(idle, p) {
		t.Errorf("an idle reading: %+v, was %+v", idle, p)
	}
}

func TestGap(t *testing.T) {
	p, _, _ := read(t, Position{}, Seek(bootA), token(bootA, 3, 12), 0, nil, 12)
	if _, fresh, gap := read(t, p, seek(p.Last), token(bootA, 9, 20), 0, nil, 15, 20); !gap || len(fresh) != 2 {
		t.Errorf("the last entry is gone: new %v, gap %v", fresh, gap)
	}
	if _, _, gap := read(t, p, seek(p.Last), "", 0, nil); !gap {
		t.Error("all is gone, and no gap")
	}
	later, _, _ := read(t, p, Seek(bootB), token(bootB, 1, 30), 0, nil, 30)
	if _, fresh, gap := read(t, later, seek(p.Last), token(bootA, 9, 20), 0, nil, 20); !gap || len(fresh) != 1 {
		t.Errorf("the last entry of an older boot is gone: new %v, gap %v", fresh, gap)
	}
	if _, _, gap := read(t, later, seek(p.Last), "", 0, nil); gap {
		t.Error("an older boot without a new entry is a gap")
	}
	for _, bad := range []string{"", "t=1", "b=x;m=1;t=1", Seek(bootA), "b=" + bootA + ";m=3;t=d", "b=" + bootB + ";m=3;t=c"} {
		if _, err := p.Read(bad); err == nil {
			t.Errorf("read at %q", bad)
		}
	}
	r, err := p.Read(seek(p.Last))
	testtools.Must(t, err)
	for _, bad := range []string{"garbage", token(bootB, 3, 12)} {
		if _, err := r.End(bad, 0, nil); err == nil {
			t.Errorf("ends at %q", bad)
		}
	}
}

// Entries that are known by their time alone: without a cursor, or of an earlier version.
func TestByTime(t *testing.T) {
	p, fresh, gap := read(t, UpTo(50), Seek(bootA), token(bootA, 2, 40), 2, nil, 60, 40)
	want(t, "a batch", fresh, gap, 60)
	p, fresh, gap = read(t, p, seek(p.Last), token(bootA, 4, 70), 9, nil, 40, 45, 70)
	want(t, "the rest of its boot", fresh, gap, 70)
	p, fresh, gap = read(t, p, seek(p.Last), token(bootA, 5, 30), 9, nil, 70, 30)
	want(t, "read on", fresh, gap, 30)
	p, fresh, gap = read(t, p, Seek(bootB), token(bootB, 5, 51), 9, []string{bootA, bootB}, 49, 50, 51)
	want(t, "another boot", fresh, gap, 51)
	_, fresh, gap = read(t, p, Seek(bootC), token(bootC, 5, 1), 9, nil, 1)
	want(t, "one that began since", fresh, gap, 1)
	p.More, p.MoreFloor = true, 99 // of the boot read last
	a, _ := p.find(bootA)
	_, fresh, gap = read(t, p, seek(a), token(bootA, 6, 31), 9, nil, 30, 31)
	want(t, "more of the first boot", fresh, gap, 31)

	old, ok := Parse(batch.Trailer{Cursor: token(bootA, 3, 12)})
	if !ok {
		t.Fatal("refused")
	}
	_, fresh, gap = read(t, old, seek(old.Last), token(bootA, 4, 5), 0, nil, 12, 12, 5)
	want(t, "a cursor of an earlier version", fresh, gap, 5)
	_, fresh, gap = read(t, old, Seek(bootB), token(bootB, 4, 13), 0, nil, 11, 13)
	want(t, "and another boot", fresh, gap, 13)
}

func TestManyBoots(t *testing.T) {
	p := Position{Floor: 3}
	for n := range maxBoots + 5 {
		boot := fmt.Sprintf("%032x", n)
		p.move(token(boot, 1, int64(n+1)), Place{journal.Cursor{Boot: boot, Mono: 1, Real: int64(n + 1)}, 1})
	}
	places := 0
	for _, b := range p.Boots {
		if b.known() {
			places++
		}
	}
	if len(p.Boots) != maxBoots || places != maxPlaces || p.Floor != maxBoots+5 {
		t.Errorf("%d boots, %d places, floor %d", len(p.Boots), places, p.Floor)
	}
	p.Floor = 1 << 40
	if p.move(token(bootA, 1, 1), Place{journal.Cursor{Boot: bootA, Mono: 1, Real: 1}, 1}); p.Floor != 1<<40 {
		t.Errorf("the floor sinks to %d", p.Floor)
	}
}

func TestParse(t *testing.T) {
	if got, ok := Parse(UpTo(50).Trailer()); !ok || !reflect.DeepEqual(got, UpTo(50)) {
		t.Errorf("UpTo comes back as %+v, %v", got, ok)
	}
	const good = "boots 1 - 0 " + bootA + ":1:2:3 " + bootB
	for carry, want := range map[string]bool{
		good: true, "boots -1 ff 0": true, "boots -2 - 0": false, "boots 1 -1 0": false, "boots 1 - 0 " + bootA + ":1:2": false,
		"boots 1 - 0 " + bootA + "a": false, "boots 1 -": false, "reboots 1 - 0": false, good + " ": false,
	} {
		if _, ok := Parse(batch.Trailer{Cursor: token(bootC, 1, 2), Carry: []string{carry}}); ok != want {
			t.Errorf("%q: %v", carry, ok)
		}
	}
	if _, ok := Parse(batch.Trailer{Cursor: token(bootC, 1, 2), Carry: []string{good, good}}); ok {
		t.Error("two carry lines")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("boots 1 - 0 "+bootA+":1:2:3 "+bootB, token(bootC, 1, 2))
	f.Add("boots -1 ff 0", "t=1")
	f.Add("boots 0 0 0 :0:0:1", "b=00000000000000000000000000000000;m=0;t=0")
	f.Fuzz(func(t *testing.T, carry, cursor string) {
		p, ok := Parse(batch.Trailer{Carry: []string{carry}, Cursor: cursor})
		if !ok || p.Last.Boot == "" {
			return
		}
		if again, ok := Parse(p.Trailer()); !ok || !reflect.DeepEqual(again, p) {
			t.Errorf("%q, %q: %+v, then %+v", carry, cursor, p, again)
		}
	})
}
