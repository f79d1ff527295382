package union

import (
	"egress-monitor/lib/merge"

	"golang.org/x/sys/unix"
)

const (
	// few is how many files are merged one row at a time. For more of them
	// merge.Rounds is the faster way.
	few = 16
	// mostOpen is how many files are merged at a time: each takes a buffer of
	// 4 KiB. More of them are merged in groups first.
	mostOpen = 4000
	// fewRuns is how many sorted runs of a kind are open at a time at least, and
	// openBesides how many files may be open besides the inputs: three kinds of
	// runs, an aggregate, what is staged, a lock, the standard files.
	fewRuns     = 8
	openBesides = 3*fewRuns + 24
)

// maxOpen is mostOpen, or less if the process may not have as many files open.
// A thousand is usual, but Go's runtime raises that as far as it may; 64 are
// enough.
func maxOpen() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return few
	}
	return max(fewRuns, int(min(mostOpen+openBesides, limit.Cur))-openBesides)
}

// maxRuns is how many sorted runs of a kind may be open: more of them are merged
// into one.
func maxRuns() int { return max(fewRuns, maxOpen()/8) }

// open opens files that are sorted.
func (p *pass) open(files []string) {
	for _, name := range files {
		in := lines(name)
		in.Buffer = max(4<<10, min(64<<10, 6<<20/len(files)))
		p.scanners = append(p.scanners, in)
	}
	if len(files) > few {
		p.sources = append(p.sources, merge.NewSealed(merge.NewRounds(p.scanners)))
		return
	}
	for _, in := range p.scanners {
		p.sources = append(p.sources, merge.NewSource(in, func(_ []byte, why error) error {
			in.Skip(why)
			return nil
		}))
	}
}
