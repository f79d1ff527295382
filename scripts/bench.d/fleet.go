package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
)

// saveFleet writes the aggregates of many hosts into a folder, and returns their
// files and the sum of them. Most rows of a host are of keys that all hosts reach;
// the others are its own.
func saveFleet(dir string, hosts, rows int, ips bool, key func(i int) (string, []string)) (files []string, total *truth) {
	r := rand.New(rand.NewPCG(5, 6))
	total = newTruth(ips)
	type known struct {
		name  string
		addrs []string
	}
	common := make([]known, 2*rows)
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
		one.save(file)
		files = append(files, file)
	}
	return files, total
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
