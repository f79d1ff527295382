package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A truth is the expected content of an aggregate, known to the writer of the log, and
// made without any code of the tools.
type truth struct {
	ips  bool // whether rows have the field of addresses
	rows map[string]*row
}

type row struct {
	count int
	last  int64 // seconds since 1970
	ips   []string
}

func newTruth(ips bool) *truth { return &truth{ips: ips, rows: map[string]*row{}} }

// add counts a key.
func (t *truth) add(key string, count int, last int64) *row {
	r := t.rows[key]
	if r == nil {
		r = &row{}
		t.rows[key] = r
	}
	r.count += count
	r.last = max(r.last, last)
	return r
}

// led notes an address that a name led to.
func (r *row) led(ip string) {
	if !slices.Contains(r.ips, ip) {
		r.ips = append(r.ips, ip)
	}
}

func (t *truth) append(dst []byte, key string) []byte {
	r := t.rows[key]
	dst = append(append(dst, key...), ' ')
	dst = append(strconv.AppendInt(dst, int64(r.count), 10), ' ')
	dst = time.Unix(r.last, 0).UTC().AppendFormat(dst, time.RFC3339)
	if !t.ips {
		return append(dst, '\n')
	}
	slices.Sort(r.ips)
	list := cmp.Or(strings.Join(r.ips, ","), "-")
	return append(append(append(dst, ' '), list...), '\n')
}

func (t *truth) keys() []string { return slices.Sorted(maps.Keys(t.rows)) }

// save writes the truth as an aggregate, added to that of the file base if
// there is one. Of the base, only the rows that both have are held in memory.
func (t *truth) save(file, base string) error {
	return writeFile(file, func(w *bufio.Writer) error {
		keys := t.keys()
		if base != "" {
			f, err := os.Open(base)
			if err != nil {
				return err
			}
			defer f.Close()
			for in := bufio.NewScanner(f); in.Scan(); {
				key, _, _ := strings.Cut(in.Text(), " ")
				for len(keys) > 0 && keys[0] < key {
					w.Write(t.append(nil, keys[0]))
					keys = keys[1:]
				}
				if len(keys) == 0 || keys[0] != key {
					w.Write(append(in.Bytes(), '\n'))
				} else if err := t.addRow(in.Text()); err != nil {
					return err
				}
			}
		}
		for _, key := range keys {
			w.Write(t.append(nil, key))
		}
		return nil
	})
}

// addRow adds a row of an aggregate.
func (t *truth) addRow(line string) error {
	f := strings.Fields(line)
	if len(f) < 3 {
		return fmt.Errorf("%q: not a row", line)
	}
	count, err := strconv.Atoi(f[1])
	if err != nil {
		return err
	}
	last, err := time.Parse(time.RFC3339, f[2])
	if err != nil {
		return err
	}
	r := t.add(f[0], count, last.Unix())
	if t.ips && f[3] != "-" {
		for ip := range strings.SplitSeq(f[3], ",") {
			r.led(ip)
		}
	}
	return nil
}

// same says where two files differ first.
func same(got, want string) error {
	a, err := os.Open(got)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := os.Open(want)
	if err != nil {
		return err
	}
	defer b.Close()
	x, y := bufio.NewReaderSize(a, 1<<16), bufio.NewReaderSize(b, 1<<16)
	for line := 1; ; line++ {
		g, errG := x.ReadBytes('\n')
		w, errW := y.ReadBytes('\n')
		if !bytes.Equal(g, w) {
			return fmt.Errorf("%s: line %d: %q; the truth is %q", got, line, g, w)
		}
		if errG != nil || errW != nil {
			if errG == io.EOF && errW == io.EOF {
				return nil
			}
			return fmt.Errorf("%s: %v, %v", got, errG, errW)
		}
	}
}

// writeFile makes a file of what write writes; a write error is seen at the
// end.
func writeFile(file string, write func(w *bufio.Writer) error) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
