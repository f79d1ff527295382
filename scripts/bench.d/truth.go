package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A truth is the expected content of an aggregate, which the writer of the log
// knows. It is made without any code of the tools.
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

// addNames adds n names, as long polling counts them.
func (t *truth) addNames(n int) {
	r := rand.New(rand.NewPCG(8, 9))
	for i := range n {
		name, addrs := nameKey(i)
		row := t.add(name, 1+r.IntN(9000), began.Unix()-r.Int64N(86400*30))
		for _, ip := range addrs {
			row.led(ip)
		}
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

// save writes the truth as an aggregate.
func (t *truth) save(file string) {
	writeFile(file, func(w *bufio.Writer) {
		var buf []byte
		for _, key := range slices.Sorted(maps.Keys(t.rows)) {
			buf = t.append(buf[:0], key)
			w.Write(buf)
		}
	})
}

// same fails at the first line in which two files differ.
func same(got, want string) {
	a, b := get(os.Open(got)), get(os.Open(want))
	defer a.Close()
	defer b.Close()
	x, y := bufio.NewReaderSize(a, 1<<16), bufio.NewReaderSize(b, 1<<16)
	for line := 1; ; line++ {
		g, errG := x.ReadBytes('\n')
		w, errW := y.ReadBytes('\n')
		if !bytes.Equal(g, w) {
			must(fmt.Errorf("%s: line %d: %q; the truth is %q", got, line, g, w))
		}
		if errG == io.EOF && errW == io.EOF {
			return
		}
		must(cmp.Or(errG, errW))
	}
}

// writeFile makes a file of the text that write writes.
func writeFile(file string, write func(w *bufio.Writer)) {
	f := get(os.Create(file))
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<16)
	write(w)
	must(w.Flush()) // returns the first error of all writes
	must(f.Close())
}

func writeText(file, text string) { must(os.WriteFile(file, []byte(text), 0o600)) }

// appendFile adds to a file, as a daemon does.
func appendFile(file string, text []byte) {
	f := get(os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600))
	defer f.Close()
	get(f.Write(text))
	must(f.Close())
}
