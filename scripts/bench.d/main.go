// The bench program measures the pipelines beside programs that do the same
// job, on logs whose exact result is known. scripts/bench runs it.
//
// Usage:
//
//	bench [--quick] [--markdown] [--keep] [NAME...]
//
// It is not a test of speed: its status is 0 whatever was measured, and 1 only
// if a program failed or a result is not the truth.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A bench is what all benchmarks share.
type bench struct {
	table
	quick bool
	keep  bool
	bin   string // the tools
	here  string // the programs they are compared with
	dir   string // a folder of the one that is running
}

// A benchmark adds some lines to the table.
type benchmark struct {
	name, about string
	run         func(*bench) error
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
	scratch := flag.String("scratch", os.TempDir(), "work in a new folder there, and remove it")
	flag.StringVar(&b.bin, "bin", "bin", "the folder of the tools")
	flag.StringVar(&b.here, "programs", "scripts/bench.d", "the folder of the programs they are compared with")
	flag.BoolVar(&b.quick, "quick", false, "an eighth of the data")
	flag.BoolVar(&b.keep, "keep", false, "leave the data, and say where it is")
	markdown := flag.Bool("markdown", false, "print the table as Markdown")
	flag.Usage = usage
	flag.Parse()
	err := b.all(*scratch, flag.Args())
	if len(b.lines) > 0 {
		b.print(os.Stdout, *markdown)
	}
	if err != nil {
		for line := range strings.Lines(err.Error() + "\n") {
			fmt.Fprint(os.Stderr, "bench: ", line)
		}
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: scripts/bench [--quick] [--markdown] [--keep] [NAME...]")
	for _, x := range benchmarks {
		fmt.Fprintf(os.Stderr, "  %-8s %s\n", x.name, x.about)
	}
}

// all runs the benchmarks that are named, or all.
func (b *bench) all(scratch string, names []string) error {
	list, err := choose(names)
	if err != nil {
		return err
	}
	if err := b.setenv(); err != nil {
		return err
	}
	machine(&b.table, scratch)
	var failed []error
	for _, x := range list {
		fmt.Fprintf(os.Stderr, "bench: %s: %s\n", x.name, x.about)
		if b.dir, err = os.MkdirTemp(scratch, "bench-"); err != nil {
			return err
		}
		if err := x.run(b); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", x.name, err))
		}
		if b.keep {
			fmt.Fprintf(os.Stderr, "bench: %s: see %s\n", x.name, b.dir)
		} else {
			os.RemoveAll(b.dir)
		}
	}
	return errors.Join(failed...)
}

func choose(names []string) (list []benchmark, err error) {
	if len(names) == 0 {
		return benchmarks, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(benchmarks, func(x benchmark) bool { return x.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%s: no such benchmark", name)
		}
		list = append(list, benchmarks[i])
	}
	return list, nil
}

// setenv makes the environment the same everywhere, and lets the tools be
// found.
func (b *bench) setenv() error {
	bin, err := filepath.Abs(b.bin)
	if err != nil {
		return err
	}
	for _, tool := range []string{"mawk", "gawk", "perl", "sort", "grep", "flock"} {
		if _, err := exec.LookPath(tool); err != nil {
			return err
		}
	}
	os.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	os.Setenv("LC_ALL", "C")
	os.Setenv("TZ", "UTC")
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "EGRESS_") {
			os.Unsetenv(name)
		}
	}
	return nil
}
