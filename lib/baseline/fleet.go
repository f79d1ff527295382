package baseline

import (
	"bytes"
	"container/heap"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"egress-monitor/lib/union"
)

// UpdateFleet merges the first-seen files of hosts (nil: all) into those of the
// fleet.
func UpdateFleet(dir string, names []string) (err error) {
	if names == nil {
		if names, err = hosts(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, fleetDir), 0o755); err != nil {
		return err
	}
	if err := sweep(filepath.Join(dir, fleetDir)); err != nil {
		return err
	}
	for some := range slices.Chunk(names, atOnce) {
		for _, f := range files {
			if err := updateFleet(dir, f.first, some); err != nil {
				return err
			}
		}
	}
	return nil
}

// atOnce is how many hosts are merged at a time: each is an open file and its
// buffer.
const atOnce = 256

func updateFleet(dir, name string, hosts []string) error {
	m := merge{}
	defer m.close()
	if err := m.open(FleetFile(dir, name)); err != nil {
		return err
	}
	for _, host := range hosts {
		if err := m.open(filepath.Join(dir, host, name)); err != nil {
			return err
		}
	}
	out, err := replace(FleetFile(dir, name), name == FirstDomains)
	if err != nil {
		return err
	}
	defer out.cleanup()
	for n := 0; len(m.heads) > 0 && n < maxFleetFirst; n++ {
		key, e, err := m.next()
		if err != nil {
			return err
		}
		if err := out.put(key, e); err != nil {
			return err
		}
	}
	return out.commit()
}

// merge is a heap of first-seen files, ordered by their current keys.
type merge struct {
	heads []*union.Reader
	files []*union.File
	key   []byte
}

func (m *merge) open(path string) error {
	f, err := openRows(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	m.files = append(m.files, f)
	if r := f.Rows(); r.Next() {
		heap.Push(m, r)
		return nil
	} else {
		return r.Err()
	}
}

func (m *merge) close() {
	for _, f := range m.files {
		f.Close()
	}
}

// next returns the smallest key, and the entry that stays of those of all files.
func (m *merge) next() ([]byte, entry, error) {
	rec := m.heads[0].Record()
	m.key = append(m.key[:0], rec.Key...)
	best := entryOf(&rec)
	for len(m.heads) > 0 {
		rec := m.heads[0].Record()
		if !bytes.Equal(rec.Key, m.key) {
			break
		}
		if e := entryOf(&rec); e.before(best) {
			best = e
		}
		if err := m.advance(); err != nil {
			return nil, entry{}, err
		}
	}
	return m.key, best, nil
}

func (m *merge) advance() error {
	if top := m.heads[0]; !top.Next() {
		heap.Pop(m)
		return top.Err()
	}
	heap.Fix(m, 0)
	return nil
}

func (m *merge) Len() int { return len(m.heads) }
func (m *merge) Less(i, j int) bool {
	return bytes.Compare(m.keyAt(i), m.keyAt(j)) < 0
}
func (m *merge) Swap(i, j int) { m.heads[i], m.heads[j] = m.heads[j], m.heads[i] }
func (m *merge) Push(x any)    { m.heads = append(m.heads, x.(*union.Reader)) }
func (m *merge) Pop() (x any) {
	last := len(m.heads) - 1
	x, m.heads = m.heads[last], m.heads[:last]
	return x
}

func (m *merge) keyAt(i int) []byte {
	rec := m.heads[i].Record()
	return rec.Key
}
