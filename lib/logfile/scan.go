package logfile

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// scan lists the segments, oldest first. Their sizes are taken newest first: a
// writer that has begun a file has left the one before, so the size of the old file
// that is taken after that of the new one is final.
func (l *Log) scan() ([]*segment, error) {
	path, err := resolve(l.Path)
	if err != nil {
		return nil, err
	}
	live, err := liveSegment(path)
	if err != nil {
		return nil, err
	}
	rotated, err := l.rotated(path)
	if err != nil {
		return nil, err
	}
	if live == nil && len(rotated) == 0 {
		return nil, &fs.PathError{Op: "open", Path: l.Path, Err: fs.ErrNotExist}
	}
	order(rotated)
	if live != nil {
		rotated = slices.DeleteFunc(rotated, func(s *segment) bool { return s.stat.is(live.stat) })
		return append(rotated, live), nil
	}
	return rotated, nil
}

// oneName keeps the last of several names of one file: a hard link may be a backup.
func oneName(segs []*segment) (kept []*segment) {
	for i, s := range segs {
		if !slices.ContainsFunc(segs[i+1:], func(o *segment) bool { return s.stat.is(o.stat) }) {
			kept = append(kept, s)
		}
	}
	return kept
}

// resolve follows the log's path if it is a symbolic link: the rotated copies are in
// the folder of the file itself, and have its name.
func resolve(path string) (string, error) {
	for range 40 {
		link, err := os.Readlink(path)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, fs.ErrNotExist) {
			return path, nil // not a link
		}
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(link) {
			dir, _ := filepath.Split(path)
			link = dir + link // not Join: ".." after a link leads elsewhere
		}
		path = link
	}
	return "", &fs.PathError{Op: "open", Path: path, Err: errors.New("too many levels of symbolic links")}
}

// liveSegment returns the segment of that path, or nil if it does not exist.
func liveSegment(path string) (*segment, error) {
	s := &segment{path: path, live: true}
	var err error
	s.stat, err = lookAt(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && !s.regular {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	return s, err
}

// rotated finds the rotated copies in the log's folder and in OldDirs. Other folders
// hold backups, and logs of other machines.
func (l *Log) rotated(path string) ([]*segment, error) {
	dir, base := filepath.Split(path)
	segs, err := segmentsIn(dir, base)
	for _, d := range l.OldDirs {
		if err == nil {
			var more []*segment
			more, err = segmentsIn(d, base)
			segs = append(segs, more...)
		}
	}
	return segs, err
}

// segmentsIn finds the rotated copies of base in dir.
func segmentsIn(dir, base string) (segs []*segment, err error) {
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if dir != "" {
		dir = strings.TrimSuffix(dir, "/") + "/"
	}
	for _, e := range entries {
		if r, ok := parseName(base, e.Name()); ok && !e.IsDir() {
			segs = append(segs, &segment{path: dir + e.Name(), rotation: r})
		}
	}
	slices.SortFunc(segs, func(a, b *segment) int { return b.compare(a.rotation) }) // newest first
	for _, s := range segs {
		if err != nil {
			break
		}
		s.stat, err = lookAt(s.path)
		if errors.Is(err, fs.ErrNotExist) {
			if _, err = os.Lstat(s.path); errors.Is(err, fs.ErrNotExist) {
				err = errMoved
			} // else a link that leads nowhere, which is not regular
		}
	}
	return slices.DeleteFunc(segs, func(s *segment) bool { return !s.regular }), err
}

// order sorts segments, oldest first. The numbers or dates tell the order of the
// copies of one series only. Copies of different series are in the order of their last
// writes, or else of their births. No copy is newer than those after it in its series,
// whatever its times.
func order(segs []*segment) {
	join(segs)
	slices.SortFunc(segs, func(a, b *segment) int { return b.compare(a.rotation) }) // newest first
	next := map[series]*segment{}
	for _, s := range segs {
		s.until, s.born = s.time, s.birth
		if n := next[s.series]; n != nil {
			s.until, s.born = min(s.until, n.until), min(s.born, n.born)
		}
		next[s.series] = s
	}
	slices.SortFunc(segs, func(a, b *segment) int {
		return cmp.Or(
			truth(a.live)-truth(b.live),
			truth(a.shape == beingCopied)-truth(b.shape == beingCopied), // the file it is copied to comes before it
			cmp.Compare(a.until, b.until),
			cmp.Compare(a.born, b.born),
			strings.Compare(a.shape, b.shape),
			a.compare(b.rotation),
			strings.Compare(a.path, b.path),
		)
	})
}

// A series is the copies that logrotate renames or dates one after the other. After a
// change of its settings (olddir, dateext, compress), it leaves them as they are and
// begins another series, or goes on with an earlier one.
type series struct {
	dir, shape string
	codec      codec
}

// join notes the series of each segment. Those of one kind of name in a folder are in
// one series, whether they are compressed or not; but if a number is there twice, each
// codec has its own: logrotate shifts those with the suffix of its settings.
func join(segs []*segment) {
	count := map[string]int{}
	for _, s := range segs {
		s.series = series{filepath.Dir(s.path), s.shape, plain}
		count[s.place()]++
	}
	twice := map[series]bool{}
	for _, s := range segs {
		twice[s.series] = twice[s.series] || count[s.place()] > 1
	}
	for _, s := range segs {
		if twice[s.series] {
			s.series.codec = s.codec
		}
	}
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// unique keeps one file of each segment: while gzip compresses a file, or if it was
// killed, the unfinished copy is beside the original, which is the better one.
func unique(segs []*segment) (kept []*segment, err error) {
	for _, s := range segs {
		i := slices.IndexFunc(kept, s.beside)
		if i < 0 {
			kept = append(kept, s)
			continue
		}
		twice, err := kept[i].copies(s)
		if unlessDenied(err) != nil {
			return nil, err
		}
		if err == nil && !twice {
			kept = append(kept, s)
			continue
		}
		if s.better(kept[i]) {
			kept[i], s = s, kept[i]
		}
		s.close()
		s.copied = true
	}
	return kept, nil
}

// beside reports whether o, in the same folder, has the same number or date.
func (s *segment) beside(o *segment) bool { return s.place() == o.place() }

// place is the path without the suffix of a compressor.
func (s *segment) place() string {
	if s.codec == plain {
		return s.path
	}
	return strings.TrimSuffix(s.path, filepath.Ext(s.path))
}

// better reports whether s, of two copies of one segment, is to be read, and not o.
func (s *segment) better(o *segment) bool {
	return s.codec == plain && (o.codec != plain || s.size > o.size) || o.codec == unreadable
}
