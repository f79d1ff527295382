package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"

	"egress-monitor/lib/cli"
	"egress-monitor/lib/fleet"
	"egress-monitor/lib/learn"
	"egress-monitor/lib/report"

	"golang.org/x/sys/unix"
)

// terminal returns the style for standard output: if that is a terminal, its width, and
// colours. COLUMNS, if a shell exports it, wins.
func terminal(color string) (style report.TextStyle) {
	size, err := unix.IoctlGetWinsize(int(os.Stdout.Fd()), unix.TIOCGWINSZ)
	if err == nil {
		style.Width = int(size.Col)
		style.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		style.Width = n
	}
	if color != "auto" {
		style.Color = color == "always"
	}
	return style
}

// to writes to a file, or to standard output.
func to(name string, write func(io.Writer) error) error {
	if name == "-" {
		return write(os.Stdout)
	}
	return replace(name, write)
}

// replace writes a new file, and renames it to name, so that nobody reads half a page.
func replace(name string, write func(io.Writer) error) error {
	staged := fmt.Sprintf("%s.%d.new", name, os.Getpid())
	f, err := os.OpenFile(staged, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = write(w)
	err = errors.Join(err, w.Flush(), f.Close())
	if err == nil {
		err = os.Rename(staged, name)
	}
	if err != nil {
		os.Remove(staged) // has no use
	}
	return err
}

// learned writes proposals. It never replaces a file, which somebody may have edited.
func learned(name string, found *fleet.Fleet) error {
	write := func(w io.Writer) error {
		_, err := learn.Write(w, found, report.Clean)
		return err
	}
	if name == "-" {
		return write(os.Stdout)
	}
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s: is there already: proposals go to a new file", name)
	}
	return replace(name, write)
}

// check prints one line, and fails if there is something new.
func check(r *report.Report) error {
	kinds := map[string]int{}
	fresh, trouble, old := 0, 0, 0
	for i := range r.Findings {
		switch f := &r.Findings[i]; {
		case f.Trouble():
			trouble++
			kinds[f.Kind]++
		case !f.Notable():
		case f.New:
			fresh++
			kinds[f.Kind]++
		default:
			old++
		}
	}
	var parts []string
	for kind, n := range kinds {
		parts = append(parts, fmt.Sprintf("%s %d", kind, n))
	}
	sort.Strings(parts)
	line := fmt.Sprintf("%d new, %d of hosts in trouble, %d older", fresh, trouble, old)
	if len(parts) > 0 {
		line += " (" + strings.Join(parts, ", ") + ")"
	}
	if _, err := fmt.Println("findings: " + line); err != nil {
		return err
	}
	if fresh+trouble > 0 {
		return cli.Exit(1)
	}
	return nil
}
