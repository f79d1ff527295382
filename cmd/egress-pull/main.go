// The egress-pull command pulls the two aggregates of many servers.
//
// Usage:
//
//	egress-pull [HOSTS DIR]
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"egress-monitor/lib/cli"
	"egress-monitor/lib/fetch"
	"egress-monitor/lib/hostlist"
	"egress-monitor/lib/pull"

	"golang.org/x/sys/unix"
)

type command struct {
	Jobs      int         `short:"j" default:"8" placeholder:"N" help:"How many servers at a time (${default})."`
	Timeout   int         `short:"t" default:"60" placeholder:"SECONDS" help:"How long one server may take (${default})."`
	MaxSize   size        `default:"64M" placeholder:"SIZE" help:"How large a file may be: bytes, or with K, M or G (${default})."`
	SSHOption []string    `short:"o" sep:"none" placeholder:"OPTION" help:"An option for ssh, as in ssh_config(5). May be repeated."`
	SSHConfig string      `short:"F" name:"ssh-config" placeholder:"FILE" help:"Options for ssh, instead of the user's and the system's."`
	From      string      `default:"/var/log/egress-monitor" placeholder:"FOLDER" help:"Where the files are on a server whose key has no forced command (${default})."`
	AcceptNew bool        `help:"Take the host key of a server that is not known yet."`
	NoRSync   bool        `name:"no-rsync" help:"Do not try rsync."`
	Now       time.Time   `placeholder:"TIME" help:"Take this as the time of the pull (RFC 3339), for tests and back-fills."`
	Config    string      `placeholder:"FILE" help:"Settings, instead of those in /etc/egress-collector/pull.conf."`
	Version   cli.Version `help:"Print the version and exit."`
	Hosts     string      `arg:"" optional:"" help:"The list of servers, a \"NAME [[USER@]HOST[:PORT]]\" a line; - is standard input."`
	Dir       string      `arg:"" optional:"" help:"The folder to pull into."`

	settings settings
}

func main() {
	cli.Main("egress-pull", "Pull the aggregates of many servers into a folder.", &command{})
}

func (c *command) Validate() error {
	if c.Hosts == "" && c.Dir == "" {
		c.Hosts, c.Dir = c.settings.path("hosts"), c.settings.path("dir")
	}
	switch {
	case c.Hosts == "" || c.Dir == "":
		return errors.New("needs a list of hosts and a folder")
	case c.Jobs < 1 || c.Jobs > 1000:
		return errors.New("--jobs: not a number from 1 to 1000")
	case c.Timeout < 1 || c.Timeout > 86400:
		return errors.New("--timeout: not a number from 1 to 86400")
	case !strings.HasPrefix(c.From, "/"):
		return errors.New("--from: not an absolute path")
	case strings.Trim(c.From, fromBytes) != "":
		return errors.New("--from: only letters, digits and ._/- can be in its name")
	}
	for _, option := range c.SSHOption {
		if option == "" || strings.ContainsFunc(option, func(r rune) bool { return r < ' ' && r != '\t' }) {
			return fmt.Errorf("--ssh-option: %q is not one line", option)
		}
	}
	return nil
}

// The remote side's shell reads the name of the folder.
const fromBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-"

func (c *command) Run() error {
	list, err := readHosts(c.Hosts)
	if err != nil {
		return err
	}
	config, err := c.sshConfig()
	if err != nil {
		return err
	}
	folder, err := pull.Open(c.Dir)
	if err != nil {
		return err
	}
	err = os.WriteFile(folder.Work+"/"+fetch.SSHConfig, []byte(config), 0o600)
	switch {
	case err != nil:
	case len(list.Hosts)+len(list.Bad) == 0:
		err = fmt.Errorf("%s: no hosts", c.Hosts)
	default:
		err = c.pull(folder, list)
	}
	return errors.Join(err, folder.Close())
}

// pull pulls, and prints the results.
func (c *command) pull(folder *pull.Folder, list hostlist.List) error {
	ctx, stopped := untilSignal()
	show := newProgress(os.Stderr)
	result := folder.Run(ctx, list, c.options(folder, show))
	show.clear()
	if sig := stopped(); sig != 0 {
		cli.Warn("stopped by a signal")
		folder.Close() // an error would not matter now
		os.Exit(128 + int(sig))
	}
	for _, line := range result.Said {
		cli.Warn("%s", line)
	}
	left, err := folder.UpdateFleet(result.Changed)
	if left > 0 {
		cli.Warn("%s: first-seen files are full: %d new names and addresses are left out", filepath.Join(c.Dir, ".fleet"), left)
	}
	if summary := c.summary(result, show.terminal); summary != nil {
		if err != nil {
			cli.Warn("%v", err)
		}
		return summary
	}
	return err
}

// summary returns an error if some hosts were not pulled.
func (c *command) summary(result pull.Result, terminal bool) error {
	summary := fmt.Sprintf("%d of %d hosts pulled, %d failed", result.Total-result.Failed, result.Total, result.Failed)
	if result.Failed > 0 {
		return errors.New(summary)
	}
	if terminal {
		cli.Warn("%s", summary)
	}
	return nil
}

func (c *command) options(folder *pull.Folder, show *progress) pull.Options {
	o := pull.Options{Jobs: c.Jobs, Mode: fileMode(), Now: time.Now, Done: show.count}
	if !c.Now.IsZero() {
		o.Now = func() time.Time { return c.Now }
	}
	o.Work, o.From, o.MaxSize = folder.Work, c.From, int64(c.MaxSize)
	o.Timeout = time.Duration(c.Timeout) * time.Second
	o.RSync = !c.NoRSync && hasProgram("rsync")
	return o
}

// fileMode returns the mode of new files: it heeds the umask.
func fileMode() os.FileMode {
	mask := unix.Umask(0)
	unix.Umask(mask)
	return os.FileMode(0o666 &^ mask)
}
