package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"egress-monitor/lib/report"

	"golang.org/x/sys/unix"
)

// terminal is how to print on standard output: in colours, and as wide as it
// is, if it is a terminal.
func terminal(color string) (style report.TextStyle) {
	size, err := unix.IoctlGetWinsize(int(os.Stdout.Fd()), unix.TIOCGWINSZ)
	if err == nil {
		style.Width = int(size.Col)
		style.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	if color != "auto" {
		style.Color = color == "always"
	}
	return style
}

// replace writes a file beside the one it then takes the place of, so that
// nobody reads half a page.
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
