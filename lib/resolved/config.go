package resolved

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Config holds the settings of the configuration files, as words.
type Config struct {
	DNS         []string // ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT, with %LINK and #NAME
	FallbackDNS []string
	Domains     []string
	DNSOverTLS  string
}

// folders hold the configuration. A file in one hides the files of its name in later
// ones (systemd.syntax(7)).
var folders = []string{"/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"}

// ReadConfig reads resolved.conf and its drop-ins below root, which is "" but in tests.
// It skips the drop-in without.
func ReadConfig(root, without string) (*Config, error) {
	c := &Config{}
	for _, file := range files(root) {
		if file == root+without {
			continue
		}
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a link that leads nowhere
		} else if err != nil {
			return nil, err
		}
		c.parse(string(text))
	}
	return c, nil
}

// files lists resolved.conf and the drop-ins in the order in which they are read.
func files(root string) []string {
	var list []string
	for _, dir := range folders {
		if main := root + dir + "/resolved.conf"; exists(main) {
			list = append(list, main)
			break
		}
	}
	byName := map[string]string{}
	for _, dir := range slices.Backward(folders) {
		found, _ := filepath.Glob(root + dir + "/resolved.conf.d/*.conf")
		for _, file := range found {
			byName[filepath.Base(file)] = file
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, byName[name])
	}
	return list
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Later lists the drop-ins that are read after ours and add servers or domains to it.
func Later(root, ours string) []string {
	var later []string
	for _, file := range files(root) {
		if !strings.HasSuffix(filepath.Dir(file), ".d") || filepath.Base(file) <= filepath.Base(ours) {
			continue
		}
		var c Config
		text, _ := os.ReadFile(file)
		if c.parse(string(text)); len(c.DNS)+len(c.Domains) > 0 {
			later = append(later, strings.TrimPrefix(file, root))
		}
	}
	return later
}

// parse adds the settings of a file: lists grow from file to file, and an empty value
// empties them.
func (c *Config) parse(text string) {
	section := ""
	for _, line := range logicalLines(text) {
		if strings.HasPrefix(line, "[") {
			section = line
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || section != "[Resolve]" {
			continue
		}
		switch key, value = strings.TrimSpace(key), strings.TrimSpace(value); key {
		case "DNS":
			c.DNS = addWords(c.DNS, value)
		case "FallbackDNS":
			c.FallbackDNS = addWords(c.FallbackDNS, value)
		case "Domains":
			c.Domains = addWords(c.Domains, value)
		case "DNSOverTLS":
			c.DNSOverTLS = value
		}
	}
}

func addWords(list []string, value string) []string {
	words := strings.Fields(value)
	if len(words) == 0 {
		return nil
	}
	for _, w := range words {
		list = append(list, strings.Trim(w, `"'`))
	}
	return list
}

// logicalLines joins lines that end in a backslash, and skips comments, also those
// between joined lines.
func logicalLines(text string) []string {
	var lines []string
	part := ""
	for raw := range strings.Lines(text) {
		line := strings.TrimSpace(raw)
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		if begun, ok := strings.CutSuffix(line, `\`); ok {
			part += begun + " "
			continue
		}
		if line = strings.TrimSpace(part + line); line != "" {
			lines = append(lines, line)
		}
		part = ""
	}
	if part = strings.TrimSpace(part); part != "" {
		lines = append(lines, part)
	}
	return lines
}

// Strict reports whether a value of DNSOverTLS forbids questions in clear text.
func Strict(value string) bool {
	switch strings.ToLower(value) {
	case "yes", "y", "true", "t", "1", "on":
		return true
	}
	return false
}
