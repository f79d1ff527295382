package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// defaultConfig is read if it exists and no other is named.
const defaultConfig = "/etc/egress-collector/pull.conf"

// settings are the contents of a file: a "name = value" a line, where a name is that
// of a long flag, or hosts or dir. A line that begins with # is a comment. A
// name that is repeated adds to a list. Flags of the command line go first.
type settings struct {
	folder string // of the file: paths in it begin there
	values map[string][]string
	lines  map[string]string // by name: the place of the last one
}

// BeforeResolve reads the settings. Package kong calls it when it knows the
// flags of the command line.
func (c *command) BeforeResolve(ctx *kong.Context) error {
	name, named := defaultConfig, false
	for _, flag := range ctx.Flags() {
		if text, ok := ctx.FlagValue(flag).(string); ok && flag.Name == "config" && text != "" {
			name, named = text, true
		}
	}
	err := c.settings.read(name)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	ctx.AddResolver(&c.settings)
	return err
}

func (s *settings) read(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() // was only read
	s.folder, s.values, s.lines = filepath.Dir(name), map[string][]string{}, map[string]string{}
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || value == "" {
			return fmt.Errorf("%s: line %d: not of the form name = value", name, n)
		}
		s.values[key] = append(s.values[key], value)
		s.lines[key] = fmt.Sprintf("%s: line %d", name, n)
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// path returns a setting that is a path.
func (s *settings) path(name string) string {
	if v := s.values[name]; len(v) > 0 {
		return s.relative(v[len(v)-1])
	}
	return ""
}

func (s *settings) relative(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.folder, path)
}

// Resolve returns the value of a flag that the command line does not have. The
// options of ssh add up, so they are taken elsewhere.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	v := s.values[flag.Name]
	switch {
	case len(v) == 0 || flag.Name == "ssh-option":
		return nil, nil
	case len(v) > 1:
		return nil, fmt.Errorf("%s: it was set before", s.lines[flag.Name])
	case flag.Name == "ssh-config":
		return s.relative(v[0]), nil
	}
	return v[0], nil
}

// Validate returns an error if a setting of the file does not exist.
func (s *settings) Validate(app *kong.Application) error {
	known := map[string]bool{"hosts": true, "dir": true}
	for _, flag := range app.Flags {
		known[flag.Name] = flag.Name != "help" && flag.Name != "version" && flag.Name != "config" && flag.Name != "now"
	}
	var unknown []string
	for name := range s.values {
		if !known[name] {
			unknown = append(unknown, fmt.Sprintf("%s: no setting has the name %q", s.lines[name], name))
		}
	}
	if len(unknown) > 0 {
		return errors.New(slices.Min(unknown))
	}
	return nil
}
