// Package pulled handles the files that a collector has of one host: the two files
// of the last pull, the previous state of each, and the status of the last pull.
//
//	DIR/HOST/unique-domains.log   and .prev
//	DIR/HOST/unique-ips.log       and .prev
//	DIR/HOST/pull.status          see Status
//
// Files from a host are hostile until Check has read them. Then Publish puts them in
// place, by renames. Files are whole after each rename; if a kill comes between two
// renames, the next pull completes the work, since it brings the files again.
package pulled

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Names of the files of a host.
const (
	Domains    = "unique-domains.log"
	IPs        = "unique-ips.log"
	Previous   = ".prev" // after either of them
	StatusFile = "pull.status"
)

// Files are the names of the two files, in the order in which a server sends them.
var Files = []string{Domains, IPs}

var errRegular = errors.New("not a regular file")

// A Host is the folder of a host. New files are in Stage, a folder of the same file
// system that nobody else writes to.
type Host struct {
	Dir   string
	Stage string
	Mode  fs.FileMode // of the files
}

// A Change is the difference that a pull has made.
type Change struct {
	Changed []string // those of Files that have changed
	Fallen  []string // those of Changed whose counts fell
}

// Compare returns the difference between the files in the stage and the current
// ones.
func (h Host) Compare() (c Change, err error) {
	for _, name := range Files {
		now, came := filepath.Join(h.Dir, name), filepath.Join(h.Stage, name)
		same, err := equal(now, came)
		if err != nil {
			return c, err
		}
		if same {
			continue
		}
		c.Changed = append(c.Changed, name)
		fallen, err := fell(now, came)
		if err != nil {
			return c, err
		}
		if fallen {
			c.Fallen = append(c.Fallen, name)
		}
	}
	return c, nil
}

// Publish puts the files that changed in place.
func (h Host) Publish(c Change) error {
	for _, name := range c.Changed {
		if err := h.keep(name); err != nil {
			return err
		}
	}
	for _, name := range c.Changed {
		if err := h.replace(filepath.Join(h.Stage, name), name); err != nil {
			return err
		}
	}
	return nil
}

// keep makes the current file the previous one, whose name exists at every moment.
// Both names are of one file already if a pull was killed in between.
func (h Host) keep(name string) error {
	now := filepath.Join(h.Dir, name)
	same, err := equal(now, now+Previous)
	if err != nil || same {
		return err
	}
	link := filepath.Join(h.Stage, "prev")
	if err := os.Link(now, link); errors.Is(err, fs.ErrNotExist) {
		return nil // there is none yet
	} else if err != nil {
		return err
	}
	return os.Rename(link, now+Previous)
}

// replace renames a file of the stage over the host's, after its content is on
// disk: after a loss of power the old or the new file is there.
func (h Host) replace(from, name string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close() // Sync has reported what there is to report
	if err := errors.Join(f.Chmod(h.Mode), f.Sync()); err != nil {
		return err
	}
	return os.Rename(from, filepath.Join(h.Dir, name))
}

// OpenRegular opens a file, but no link, no device and no pipe, which might never end.
func OpenRegular(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "open", Path: path, Err: errRegular}
	}
	return os.Open(path)
}

// Hosts returns the hosts that were pulled into a folder, in order. A folder whose name
// begins with a dot is not a host.
func Hosts(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// WriteStatus replaces the status.
func (h Host) WriteStatus(s Status) error {
	from := filepath.Join(h.Stage, StatusFile)
	if err := os.WriteFile(from, []byte(s.text()), h.Mode); err != nil {
		return err
	}
	return h.replace(from, StatusFile)
}

// equal reports whether both files are there and have the same bytes.
func equal(a, b string) (bool, error) {
	x, y, err := openBoth(a, b)
	if x == nil || err != nil {
		return false, err
	}
	defer x.Close() // were only read
	defer y.Close()
	p, q := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errX := io.ReadFull(x, p)
		m, errY := io.ReadFull(y, q)
		if !bytes.Equal(p[:n], q[:m]) {
			return false, nil
		}
		if end(errX) && end(errY) {
			return true, nil
		}
		if err := errors.Join(errX, errY); err != nil {
			return false, err
		}
	}
}

func end(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

// openBoth opens two files; nil if one of them is missing, or if they cannot be
// equal by their sizes.
func openBoth(a, b string) (x, y *os.File, err error) {
	infoA, errA := os.Lstat(a)
	infoB, errB := os.Lstat(b)
	switch {
	case errors.Is(errA, fs.ErrNotExist), errors.Is(errB, fs.ErrNotExist):
		return nil, nil, nil
	case errA != nil || errB != nil:
		return nil, nil, errors.Join(errA, errB)
	case infoA.Size() != infoB.Size():
		return nil, nil, nil
	}
	if x, err = OpenRegular(a); err != nil {
		return nil, nil, err
	}
	if y, err = OpenRegular(b); err != nil {
		x.Close() // was only read
		return nil, nil, err
	}
	return x, y, nil
}
