package logfile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// A chaos is a random way to rotate, kept for a run as an administrator would.
type chaos struct {
	*world
	rnd     *rand.Rand
	dated   bool
	copying bool   // copytruncate
	suffix  string // of compressed copies, "" for none
	delay   int    // copies that stay uncompressed
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{world: newWorld(t), rnd: rand.New(rand.NewPCG(seed, 0))}
	c.suffix = suffixes[c.rnd.IntN(3)]
	c.delay = c.rnd.IntN(3)
	c.copying = c.rnd.IntN(3) == 0
	if !c.copying && c.rnd.IntN(4) == 0 {
		identical(c.world)
	}
	switch c.rnd.IntN(4) {
	case 0:
		c.dated = true
		dateext([]string{"-%d", "-%d.log", ".%d-17"}[c.rnd.IntN(3)])(c.world)
	case 1:
		oldDir([]string{"archive", "elsewhere"}[c.rnd.IntN(2)])(c.world)
	}
	return c
}

func (c *chaos) step() {
	switch n := c.rnd.IntN(20); {
	case n < 7:
		c.write(c.rnd.IntN(60))
	case n < 9:
		c.late(c.rnd.IntN(2)*(c.delay), 1)
	case n == 9:
		c.writeHalf()
	case n == 10:
		c.raw(c.to(0), strings.Repeat("same\n", 300))
		c.want = append(c.want, strings.Split(strings.TrimSuffix(c.half+strings.Repeat("same\n", 300), "\n"), "\n")...)
		c.half = ""
	case n < 15:
		c.turn()
	default:
		c.poll()
	}
}

// maybe polls in the middle of things.
func (c *chaos) maybe() {
	if c.rnd.IntN(3) == 0 {
		c.poll()
	}
}

// turn rotates once, with polls and writes between the steps of logrotate.
func (c *chaos) turn() {
	if c.copying {
		c.shift()
		c.copyTo(c.rnd.IntN(1000) + 1)
		c.maybe()
		c.copyTo(-1)
		c.maybe()
		c.truncate()
	} else {
		if c.dated {
			c.date++
			c.check(os.Rename(c.path, c.name(1)))
		} else {
			c.rename()
		}
		c.maybe()
		if c.half == "" {
			c.write(c.rnd.IntN(3))
		}
		c.maybe()
		c.reopen()
	}
	c.maybe()
	for n := 1 + c.delay; c.suffix != "" && n < 8; n++ {
		c.pack(n)
	}
}

// pack compresses copy n; a poll may find it half done.
func (c *chaos) pack(n int) {
	if c.rnd.IntN(2) == 0 && c.suffix == ".gz" && exists(c.name(n)) {
		gzipAtWork(n)(c.world)
		c.maybe()
	}
	c.compress(n, c.suffix)
}

func TestRandom(t *testing.T) {
	runs := uint64(200) // 3000 take half a minute
	if testing.Short() {
		runs = 20
	}
	for seed := range runs {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			c := newChaos(t, seed)
			for range 25 {
				c.step()
			}
			c.write(1) // half a line before an empty file would wait
			c.lastPoll()
			if c.exact(); t.Failed() {
				t.Logf("dated %v, copying %v, suffix %q, delay %d", c.dated, c.copying, c.suffix, c.delay)
			}
		})
	}
}
