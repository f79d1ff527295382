package union

import (
	"egress-monitor/lib/merge"

	"golang.org/x/sys/unix"
)

const (
	// few is how many files are merged row by row, and more of them by
	// merge.Rounds. Rounds take 1.45 times as long for 2 files of 20,000 rows, 1.5
	// times for 4 and 1.2 times for 16, but half the time for a thousand.
	few = 16
	// mostOpen is how many files are merged at a time, each with a buffer of
	// 4 KiB. More files are merged in groups first.
	mostOpen = 4000
	// fewRuns is the smallest limit of open sorted runs of a kind. openBesides is
	// how many files may be open besides the inputs: three kinds of runs, the
	// aggregate, the staged file, a lock, the standard files.
	fewRuns     = 8
	openBesides = 3*fewRuns + 24
)

// maxOpen returns mostOpen, or less if the process may not open as many files.
// The usual limit is a thousand, which Go's runtime raises as far as it may; a
// limit of 64 is enough.
func maxOpen() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return few
	}
	return max(fewRuns, int(min(mostOpen+openBesides, limit.Cur))-openBesides)
}

// maxRuns returns how many sorted runs of a kind may be open. More of them are
// merged into one.
func maxRuns() int { return max(fewRuns, maxOpen()/8) }

// open adds sorted files to the sources.
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
		p.sources = append(p.sources, merge.NewSource(in))
	}
}
