// Package cli does what all commands of this project have in common: it parses flags,
// prints errors, and exits.
//
// A message is one line on standard error, "tool: place: cause". The exit
// status is 0 for done, 1 for failed (nothing was committed), 2 for a wrong
// command line. On success nothing is printed.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"egress-monitor/lib/plain"

	"github.com/alecthomas/kong"
)

// A Command holds the flags of one tool, and does its work. If it has a
// method Validate() error, its error is a usage error.
type Command interface {
	Run() error
}

var tool = "egress-monitor" // the name before every message

// An Exit is an error without a message, for errors that have been printed: only the
// status to exit with.
type Exit int

func (e Exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Main runs the command named name with the arguments of the process, and
// exits if it fails. cmd is a Command, or a struct whose fields tagged cmd are.
func Main(name, description string, cmd any) {
	tool = name
	os.Exit(run(description, cmd, os.Args[1:], os.Stdout, os.Stderr))
}

// exited carries the status out of kong, which would end the process itself
// after --help and --version.
type exited int

func run(description string, cmd any, args []string, stdout, stderr io.Writer) (status int) {
	out := &firstError{w: stdout}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exited:
			status = int(e)
		default:
			panic(e)
		}
		if out.err != nil {
			say(stderr, out.err.Error())
			status = 1
		}
	}()
	parser, err := kong.New(cmd,
		kong.Name(tool),
		kong.Description(description),
		kong.Writers(out, stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: true}),
	)
	if err != nil {
		panic(err) // a mistake in the struct tags, seen by every test
	}
	parsed, err := parser.Parse(args)
	switch {
	case out.err != nil:
		return 1 // no usage error: --help could not be printed
	case err != nil:
		say(stderr, fmt.Sprintf("%v (see %s --help)", err, tool))
		return 2
	}
	var exit Exit
	if one, ok := cmd.(Command); ok {
		err = one.Run()
	} else {
		err = parsed.Run()
	}
	if errors.As(err, &exit) {
		return int(exit)
	}
	if err != nil {
		say(stderr, err.Error())
		return 1
	}
	return 0
}

// firstError remembers that --help or --version could not be printed.
type firstError struct {
	w   io.Writer
	err error
}

func (f *firstError) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if f.err == nil {
		f.err = err
	}
	return n, err
}

// Warn prints a message to standard error, and the work goes on.
func Warn(format string, args ...any) {
	say(os.Stderr, strings.TrimSuffix(fmt.Sprintf(format, args...), "\n"))
}

// say prints a message. It may hold foreign text, such as the name of a file.
func say(w io.Writer, message string) {
	fmt.Fprintf(w, "%s: %s\n", tool, plain.Message(message))
}

// Version is the flag --version of all commands.
type Version bool

// BeforeReset prints the version, and ends the process. Package kong calls it if
// the flag is given: its own such flag wants the version at every start.
func (Version) BeforeReset(app *kong.Kong) error {
	fmt.Fprintln(app.Stdout, tool, version())
	app.Exit(0)
	return nil
}
