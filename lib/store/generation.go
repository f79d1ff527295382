package store

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The generation of an aggregate is how many commits of one cursor file are in it. Its
// number is in the cursor file, and after the commit in FILE.lock as well, in a line for
// each cursor file:
//
//	89abcdef 17
//
// The first field is a hash of the path of the cursor file. A number in FILE.lock may be
// too low (a run was killed, the power was cut), but never too high. So nobody waits
// until it is on the disk.
const noteForm = "%s %d\n"

// maxNotes is the size up to which notes of other cursor files are kept.
const maxNotes = 4 << 10

// notes returns the text of FILE.lock without the line of this cursor file, and the
// number in that line; 0 if there is none.
func (s *Store) notes(lock *os.File) (others []byte, generation uint64) {
	key := s.pathKey()
	text, _ := io.ReadAll(io.NewSectionReader(lock, 0, maxNotes)) // without notes nothing is outdated
	for line := range bytes.Lines(text) {
		var of string
		var n uint64
		if _, err := fmt.Sscanf(string(line), noteForm, &of, &n); err != nil || len(of) != len(key) {
			continue
		}
		if of == key {
			generation = max(generation, n)
		} else {
			others = append(others, line...)
		}
	}
	return others, generation
}

// note writes the generation to FILE.lock, and after it the lines of the others. The
// batch is committed by now, and a note that is too low does no harm: errors do not
// matter.
func (s *Store) note(lock *os.File, generation uint64, others []byte) {
	lock.WriteAt(append(fmt.Appendf(nil, noteForm, s.pathKey(), generation), others...), 0)
}

func (s *Store) pathKey() string {
	path, err := filepath.Abs(s.Cursor)
	if err != nil {
		path = s.Cursor
	}
	return hashOf(path)
}

// outdated reports whether the cursor file is an older copy: batches that begin after
// its cursor are in the aggregate already. That is so if a later generation was noted,
// unless the aggregate is an older copy as well: then its content is that of the seal.
func (s *Store) outdated(last seal, noted uint64) (bool, error) {
	if last.generation == 0 || last.generation >= noted {
		return false, nil
	}
	f, err := os.Open(s.File)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	size, err := io.Copy(sum, f)
	return size != last.size || sum.Sum32() != last.sum, err
}

// refuse returns the error for an outdated cursor file. If the next batch will be
// selected by time, as if there was no cursor file, refuse moves the cursor file away.
func (s *Store) refuse(later uint64) error {
	const remedy = "restore both files, as they were at one time; or remove the cursor file, " +
		"and all that is retained is counted"
	what := fmt.Sprintf("%s: an older copy: %d later batches are in %s already; nothing was committed",
		s.Cursor, later, s.File)
	if !s.ReplaceDamaged {
		return fmt.Errorf("%s (%s)", what, remedy)
	}
	if err := os.Rename(s.Cursor, s.Cursor+".old"); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s; it is %s.old now, and the next run reads on after the newest time in the aggregate",
		what, filepath.Base(s.Cursor))
}
