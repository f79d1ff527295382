package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"egress-monitor/lib/fetch"
	"egress-monitor/lib/hostlist"
)

// readHosts reads the list of hosts in a file.
func readHosts(name string) (hostlist.List, error) {
	var in io.ReadCloser = os.Stdin
	if name != "-" {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			return hostlist.List{}, fmt.Errorf("%s: is a folder", name)
		}
		f, err := os.Open(name)
		if err != nil {
			return hostlist.List{}, fmt.Errorf("%s: cannot be read", name)
		}
		in = f
	}
	defer in.Close() // was only read
	list, err := hostlist.Read(in)
	if err != nil {
		return list, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

// sshConfig returns the text of the options of ssh.
func (c *command) sshConfig() (string, error) {
	if !hasProgram("ssh") {
		return "", errors.New("ssh: not found")
	}
	var file *string
	if c.SSHConfig != "" {
		text, err := os.ReadFile(c.SSHConfig)
		if err != nil {
			return "", err
		}
		file = new(string)
		*file = string(text)
	}
	return fetch.Config(time.Duration(c.Timeout)*time.Second, c.AcceptNew, append(c.SSHOption, c.settings.values["ssh-option"]...), file), nil
}

func hasProgram(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

// size is a number of bytes, or of K, M or G.
type size int64

func (s *size) UnmarshalText(text []byte) error {
	digits, unit := string(text), int64(1)
	for i, u := range []string{"K", "M", "G"} {
		if rest, ok := strings.CutSuffix(digits, u); ok {
			digits, unit = rest, 1<<(10*(i+1))
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > math.MaxInt64/2/unit || digits[0] == '+' {
		return errors.New("not a size: a number from 1, or with K, M or G")
	}
	*s = size(n * unit)
	return nil
}
