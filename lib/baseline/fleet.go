package baseline

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"egress-monitor/lib/pulled"
	"egress-monitor/lib/union"
)

// UpdateFleet merges the first-seen files of hosts (nil: all) into those of the
// fleet. It returns how many keys it left out because a file is full.
func UpdateFleet(dir string, names []string) (left int, err error) {
	if names == nil {
		if names, err = pulled.Hosts(dir); err != nil {
			return 0, err
		}
	}
	fleet := filepath.Join(dir, fleetDir)
	if err := os.MkdirAll(fleet, 0o755); err != nil {
		return 0, err
	}
	if err := sweep(fleet); err != nil {
		return 0, err
	}
	for some := range slices.Chunk(names, atOnce) {
		for _, f := range files {
			n, err := updateFleet(dir, f.first, some, maxFleetFirst)
			if err != nil {
				return 0, err
			}
			left += n
		}
	}
	return left, nil
}

// atOnce is how many hosts are merged at a time: each is an open file and its
// buffer.
const atOnce = 256

// updateFleet merges a file of hosts into that of the fleet, which gets no new keys once
// it has most bytes: keys that one host makes up cannot take the place of known ones.
func updateFleet(dir, name string, hosts []string, most int64) (left int, err error) {
	m := merge{}
	defer m.close()
	if err := m.open(FleetFile(dir, name), true); err != nil {
		return 0, err
	}
	for _, host := range hosts {
		if err := m.open(filepath.Join(dir, host, name), false); err != nil {
			return 0, err
		}
	}
	var size int64
	if info, err := os.Stat(FleetFile(dir, name)); err == nil {
		size = info.Size()
	}
	err = replace(FleetFile(dir, name), name == FirstDomains, func(put func([]byte, entry)) error {
		for len(m.heads) > 0 {
			e, known, err := m.next()
			if err != nil {
				return err
			}
			if !known {
				size += int64(len(m.key) + restOfRow)
			}
			if known || size <= most {
				put(m.key, e)
			} else {
				left++
			}
		}
		return nil
	})
	return left, err
}

// restOfRow is how long a row is without its key, about.
const restOfRow = 26

// merge is first-seen files in the order of their current keys, the smallest key last.
type merge struct {
	heads []head
	files []*union.File
	key   []byte // the one at hand
}

type head struct {
	*union.Reader
	fleet bool // it is the file of the fleet
}

func (m *merge) open(path string, fleet bool) error {
	f, err := openRows(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	m.files = append(m.files, f)
	return m.advance(head{f.Rows(), fleet})
}

func (m *merge) close() {
	for _, f := range m.files {
		f.Close()
	}
}

// next takes the smallest key. It returns the entry that stays of those of all files, and
// whether the fleet has the key already.
func (m *merge) next() (best entry, known bool, err error) {
	for same := false; len(m.heads) > 0; same = true {
		last := len(m.heads) - 1
		h := m.heads[last]
		rec := h.Record()
		if same && !bytes.Equal(rec.Key, m.key) {
			break
		}
		if e := entryOf(&rec); !same || e.before(best) {
			best = e
		}
		m.key, known = append(m.key[:0], rec.Key...), known || h.fleet
		m.heads = m.heads[:last]
		if err := m.advance(h); err != nil {
			return best, known, err
		}
	}
	return best, known, nil
}

// advance takes a file to its next row, and to its place among the others.
func (m *merge) advance(h head) error {
	if !h.Next() {
		return h.Err()
	}
	i, _ := slices.BinarySearchFunc(m.heads, h, func(a, b head) int { return bytes.Compare(b.Record().Key, a.Record().Key) })
	m.heads = slices.Insert(m.heads, i, h)
	return nil
}
