package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// saveFleet writes the aggregates of many hosts into a folder, and returns
// their files and what they must give together. Of a host's rows, most are of
// what all hosts reach, the others are its own.
func saveFleet(dir string, hosts, rows int, ips bool, key func(i int) (string, []string)) (files []string, total *truth, err error) {
	r := rand.New(rand.NewPCG(5, 6))
	total = newTruth(ips)
	type known struct {
		name  string
		addrs []string
	}
	common := make([]known, rows*2)
	for i := range common {
		common[i].name, common[i].addrs = key(i)
	}
	for host := range hosts {
		one := newTruth(ips)
		for n := 0; len(one.rows) < rows; n++ {
			k := common[r.IntN(len(common))]
			name, addrs := k.name, k.addrs
			if r.IntN(5) == 0 {
				name, addrs = key(len(common) + host*rows + n)
			}
			if one.rows[name] != nil {
				continue
			}
			count, last := 1+r.IntN(2000), began.Unix()+r.Int64N(86400)
			here, all := one.add(name, count, last), total.add(name, count, last)
			for _, ip := range addrs {
				if len(addrs) == 1 || r.IntN(2) == 0 {
					here.led(ip)
					all.led(ip)
				}
			}
		}
		file := filepath.Join(dir, fmt.Sprintf("host%04d", host))
		if err := one.save(file, ""); err != nil {
			return nil, nil, err
		}
		files = append(files, file)
	}
	return files, total, nil
}

// addressKey returns the i-th address of the world.
func addressKey(i int) (string, []string) {
	return newDst(rand.New(rand.NewPCG(7, uint64(i)))).key, nil
}

// nameKey returns the i-th name, with its addresses.
func nameKey(i int) (string, []string) {
	s := siteOf(i)
	return s.name, slices.Concat(s.v4, s.v6)
}

// saveNames writes an aggregate of n names, as long polling makes it.
func saveNames(file string, n int) error {
	r := rand.New(rand.NewPCG(8, 9))
	type line struct{ key, text string }
	list := make([]line, n)
	for i := range list {
		t := newTruth(true)
		name, addrs := nameKey(i)
		row := t.add(name, 1+r.IntN(9000), began.Unix()-r.Int64N(86400*30))
		row.ips = addrs
		list[i] = line{name, string(t.append(nil, name))}
	}
	slices.SortFunc(list, func(a, b line) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	return writeFile(file, func(w *bufio.Writer) error {
		for _, l := range list {
			w.WriteString(l.text)
		}
		return nil
	})
}

// appendFile adds to a file, as a daemon does.
func appendFile(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Close()
}
