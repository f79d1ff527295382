// The bench program measures the pipelines beside programs that do the same
// job, on logs whose exact result is known. scripts/bench runs it.
//
// Usage:
//
//	bench [--quick] [NAME...]
//
// It is not a test of speed: its status is 0 whatever was measured, and 1 only
// if a program failed or a result is not the truth.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A bench is what all benchmarks share.
type bench struct {
	table
	quick bool
	here  string // the folder of the awk programs
	dir   string // the folder of the running benchmark
}

// A benchmark adds some lines to the table.
type benchmark struct {
	name, about string
	run         func(*bench)
}

var benchmarks = []benchmark{
	{"dns", "a large query log; 600 MB of disk", (*bench).dns},
	{"ips", "large output of journalctl; 300 MB", (*bench).ips},
	{"cat", "cursorcat and cat; 256 MB", (*bench).cat},
	{"busy", "polls of 500 lines", (*bench).busy},
	{"idle", "polls of nothing", (*bench).idle},
	{"million", "polls into a large aggregate; 500 MB", (*bench).million},
	{"names", "new names and known ones; 200 MB", (*bench).names},
	{"fleet", "the aggregates of many hosts; 1 GB", (*bench).fleet},
	{"journal", "a journal; 400 MB", (*bench).journal},
	{"start", "start of a tool", (*bench).start},
}

func main() {
	b := &bench{}
	scratch := flag.String("scratch", os.TempDir(), "work in new folders there, and remove them")
	bin := flag.String("bin", "bin", "the folder of the tools")
	flag.StringVar(&b.here, "programs", "scripts/bench.d", "the folder of the awk programs")
	flag.BoolVar(&b.quick, "quick", false, "an eighth of the data")
	flag.Usage = usage
	flag.Parse()
	for _, name := range flag.Args() {
		if !slices.ContainsFunc(benchmarks, func(x benchmark) bool { return x.name == name }) {
			usage()
			os.Exit(2)
		}
	}
	setenv(*bin)
	b.machine(*scratch)
	failed := false
	for _, x := range benchmarks {
		if flag.NArg() > 0 && !slices.Contains(flag.Args(), x.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "bench: %s: %s\n", x.name, x.about)
		if err := b.one(x, *scratch); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", x.name, err)
			failed = true
		}
	}
	b.print(os.Stdout)
	if failed {
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: scripts/bench [--quick] [NAME...]")
	for _, x := range benchmarks {
		fmt.Fprintf(os.Stderr, "  %-8s %s\n", x.name, x.about)
	}
}

// setenv makes the environment the same everywhere, with the tools on PATH.
func setenv(bin string) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "EGRESS_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("PATH", get(filepath.Abs(bin))+":"+os.Getenv("PATH"))
	os.Setenv("LC_ALL", "C")
	os.Setenv("TZ", "UTC")
}

// A failure ends the running benchmark.
type failure struct{ error }

func must(err error) {
	if err != nil {
		panic(failure{err})
	}
}

func get[T any](value T, err error) T {
	must(err)
	return value
}

// one runs a benchmark in a folder of its own.
func (b *bench) one(x benchmark, scratch string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failure)
			if !ok {
				panic(r)
			}
			err = f.error
		}
	}()
	b.dir = get(os.MkdirTemp(scratch, "bench-"))
	defer os.RemoveAll(b.dir)
	x.run(b)
	return nil
}
