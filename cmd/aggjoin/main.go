// The aggjoin command prints the names that led to the addresses of an aggregate.
//
// Usage:
//
//	aggjoin --names unique-domains.log unique-ips.log
//
// It prints [ip] [count] [timestamp] [comma_separated_domains], where "-" is an
// address that no name led to.
package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/join"
	"egress-monitor/lib/union"
)

type command struct {
	Names     []string    `required:"" sep:"none" placeholder:"FILE" help:"Domains and the addresses they led to; may be given more than once."`
	Direct    bool        `xor:"what" help:"Print the addresses that no name led to, as records."`
	Unvisited bool        `xor:"what" help:"Print the names none of whose addresses was contacted, as records."`
	Version   cli.Version `help:"Print the version and exit."`
	IPs       string      `arg:"" optional:"" default:"-" name:"ips" help:"Addresses that were contacted. Default, or -: standard input."`
}

func (c *command) Validate() error {
	if c.IPs == "-" && slices.Contains(c.Names, "-") {
		return fmt.Errorf("only one of names and addresses can be standard input")
	}
	return nil
}

func main() {
	cli.Main("aggjoin", "Say which names led to the addresses of an aggregate.", &command{})
}

func (c *command) Run() error {
	names, err := union.Open(warn, c.Names...)
	if err != nil {
		return err
	}
	defer names.Close()
	table, err := join.Read(names)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	ips := union.Stream(warn, c.IPs)
	switch {
	case c.Direct:
		err = table.PrintDirect(out, ips)
	case c.Unvisited:
		err = table.PrintUnvisited(out, ips, names)
	default:
		err = table.Print(out, ips)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

func warn(s batch.Skipped) { cli.Warn("%v", s) }
