package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"strings"
)

// An ipLog is the kernel's part of a journal: LOG lines of iptables and
// ip6tables, and some of other rules and drivers between them.
type ipLog struct {
	truth *truth
	r     *rand.Rand
	zipf  *rand.Zipf
	dsts  []dst
	now   int64 // microseconds
}

// A dst is an address as a record has it, and as the kernel prints it.
type dst struct{ key, text string }

func newIPLog(addresses int) *ipLog {
	r := rand.New(rand.NewPCG(3, 4))
	l := &ipLog{truth: newTruth(false), r: r, now: began.UnixMicro(),
		zipf: rand.NewZipf(r, 1.1, 20, uint64(addresses-1))}
	known := map[string]bool{}
	for len(l.dsts) < addresses {
		d := newDst(r)
		if !known[d.key] {
			known[d.key] = true
			l.dsts = append(l.dsts, d)
		}
	}
	return l
}

// newDst draws an address; one of seven is IPv6, all eight groups of which the
// kernel prints.
func newDst(r *rand.Rand) dst {
	if r.IntN(7) > 0 {
		ip := ipv4(r)
		return dst{ip, ip}
	}
	ip := ipv6(r)
	return dst{ip.String(), ip.StringExpanded()}
}

// entry returns the next message, and its time in microseconds. The first
// entries lead to each address once.
func (l *ipLog) entry(i int) (micros int64, message string) {
	r := l.r
	l.now += r.Int64N(120_000)
	switch r.IntN(60) {
	case 0:
		return l.now, fmt.Sprintf("FW-DROP: IN=eth0 OUT= MAC=52:54:00:12:34:56:52:55:0a:00:02:02:08:00 SRC=%s DST=10.0.2.15 LEN=40 TOS=0x00 PREC=0x00 TTL=245 ID=%d PROTO=TCP SPT=%d DPT=23 WINDOW=1024 RES=0x00 SYN URGP=0 ", ipv4(r), r.IntN(65536), 1024+r.IntN(60000))
	case 1:
		return l.now, fmt.Sprintf("audit: type=1400 audit(%d.%03d:%d): apparmor=\"ALLOWED\" operation=\"open\" profile=\"/usr/sbin/sshd\"", l.now/1e6, l.now/1000%1000, i)
	}
	d := l.dsts[l.zipf.Uint64()]
	if i < len(l.dsts) {
		d = l.dsts[i]
	}
	l.truth.add(d.key, 1, l.now/1e6)
	port := []int{443, 443, 443, 443, 80, 22, 123, 25, 8443, 5432}[r.IntN(10)]
	tail := fmt.Sprintf("PROTO=TCP SPT=%d DPT=%d WINDOW=64240 RES=0x00 SYN URGP=0 ", 32768+r.IntN(28000), port)
	if port == 123 {
		tail = fmt.Sprintf("PROTO=UDP SPT=%d DPT=123 LEN=56 ", 32768+r.IntN(28000))
	}
	if strings.Contains(d.text, ":") {
		return l.now, fmt.Sprintf("EGRESS: IN= OUT=eth0 SRC=2001:0db8:00ff:0000:0000:0000:0000:0002 DST=%s LEN=80 TC=0 HOPLIMIT=64 FLOWLBL=%d %s", d.text, r.IntN(1<<20), tail)
	}
	return l.now, fmt.Sprintf("EGRESS: IN= OUT=eth0 SRC=10.0.2.15 DST=%s LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=%d DF %s", d.text, r.IntN(65536), tail)
}

const journalID, bootID = "4d2bed144de3495486d9015626e0dcb6", "6e47a4f2c5044f5495574cc985fed1b1"

// cursor returns what journalctl --show-cursor names the i-th entry.
func cursor(i int, micros int64) string {
	return fmt.Sprintf("s=%s;i=%x;b=%s;m=%x;t=%x;x=%x", journalID, i+1, bootID, micros-began.UnixMicro()+60e6, micros, uint64(i)*0x9e3779b97f4a7c15)
}

// saveShort writes entries as journalctl --show-cursor -o short-unix does, to a
// file of some size.
func (l *ipLog) saveShort(file string, size int) {
	writeFile(file, func(w *bufio.Writer) {
		last := int64(0)
		i := 0
		for written := 0; written < size; i++ {
			micros, message := l.entry(i)
			n, _ := fmt.Fprintf(w, "%d.%06d web-17 kernel: %s\n", micros/1e6, micros%1e6, message)
			written += n
			last = micros
		}
		fmt.Fprintf(w, "-- cursor: %s\n", cursor(i-1, last))
	})
}

// saveExport writes a number of entries as journalctl -o export does.
func (l *ipLog) saveExport(file string, entries int) {
	writeFile(file, func(w *bufio.Writer) {
		for i := range entries {
			micros, message := l.entry(i)
			mono := micros - began.UnixMicro() + 60e6
			fmt.Fprintf(w, "__CURSOR=%s\n__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n", cursor(i, micros), micros, mono, bootID)
			fmt.Fprintf(w, "_MACHINE_ID=3d1219c7c4c5404aaa1f6d2a48adfda4\n_HOSTNAME=web-17\n_RUNTIME_SCOPE=system\n_TRANSPORT=kernel\n")
			fmt.Fprintf(w, "_SOURCE_MONOTONIC_TIMESTAMP=%d\nPRIORITY=4\nSYSLOG_FACILITY=0\nSYSLOG_IDENTIFIER=kernel\nMESSAGE=%s\n\n", mono-90, message)
		}
	})
}
