// The egress-load command loads the files that egress-pull pulled into ClickHouse, and
// runs queries there.
//
// Usage:
//
//	egress-load [--url URL] DIR [HOST...]
//	egress-load [--url URL] --schema | --query NAME | --list
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"egress-monitor/lib/cli"
	"egress-monitor/lib/clickhouse"
	"egress-monitor/lib/plain"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/resolvers"
)

const day = 24 * time.Hour

type command struct {
	URL       string      `name:"url" placeholder:"URL" help:"The HTTP address of the server, instead of clickhouse-client."`
	Schema    bool        `xor:"what" help:"Make the database, its tables and its views."`
	Query     string      `xor:"what" placeholder:"NAME" help:"Print the answer to a query: one of --list, or a file."`
	Since     time.Time   `format:"2006-01-02" placeholder:"DATE" help:"Names and addresses first seen on this day or later are new to queries (a week ago)."`
	List      bool        `xor:"what" help:"List the queries that have a name."`
	Grafana   bool        `xor:"what" help:"Print a dashboard for Grafana."`
	Resolvers string      `placeholder:"FILE" help:"The public resolvers to look for, instead of those that are known."`
	Keep      int         `default:"400" placeholder:"DAYS" help:"How long the states of each day are kept (${default}); whole months go at once."`
	Version   cli.Version `help:"Print the version and exit."`
	Dir       string      `arg:"" optional:"" help:"The pulled files: a folder for each host."`
	Hosts     []string    `arg:"" optional:"" name:"host" help:"The hosts to load, instead of all."`
}

func main() {
	cli.Main("egress-load", "Load what was pulled into ClickHouse, and ask it.", &command{})
}

func (c *command) Validate() error {
	asked := c.Schema || c.Query != "" || c.List || c.Grafana
	switch {
	case asked == (c.Dir != ""):
		return errors.New("needs either a folder, or one of --schema, --query, --list and --grafana")
	case c.Keep < 1:
		return errors.New("--keep: not a number of days")
	}
	return nil
}

func (c *command) Run() error {
	switch {
	case c.List:
		_, err := fmt.Println(strings.Join(clickhouse.Queries(), "\n"))
		return err
	case c.Grafana:
		_, err := os.Stdout.Write(clickhouse.Dashboard())
		return err
	case c.Schema:
		return clickhouse.MakeSchema(c.client())
	case c.Query != "":
		return c.ask()
	}
	return c.load()
}

func (c *command) client() clickhouse.Client {
	if c.URL != "" {
		return clickhouse.HTTP(c.URL)
	}
	words := strings.Fields(os.Getenv("EGRESS_CLICKHOUSE"))
	if len(words) == 0 {
		words = []string{"clickhouse-client"}
	}
	return clickhouse.Command(words)
}

func (c *command) ask() error {
	query, err := clickhouse.Query(c.Query)
	if err != nil {
		return err
	}
	if c.Since.IsZero() {
		c.Since = time.Now().Add(-7 * day)
	}
	return clickhouse.Ask(c.client(), query, c.Since, os.Stdout)
}

func (c *command) load() error {
	known, err := c.resolvers()
	if err != nil {
		return err
	}
	bad := 0
	l := clickhouse.Loader{Client: c.client(), Dir: c.Dir, Resolvers: known, Bad: func(host string, why error) {
		cli.Warn("%s: %v", plain.Text(host), why)
		bad++
	}}
	if c.Hosts == nil {
		if c.Hosts, err = pulled.Hosts(c.Dir); err != nil {
			return err
		}
	}
	if err := l.Load(c.Hosts); err != nil {
		return err
	}
	if err := clickhouse.Expire(l.Client, time.Now().Add(-time.Duration(c.Keep)*day)); err != nil {
		return err
	}
	if bad > 0 || len(c.Hosts) == 0 {
		return fmt.Errorf("%d of %d hosts loaded", len(c.Hosts)-bad, len(c.Hosts))
	}
	return nil
}

func (c *command) resolvers() (*resolvers.List, error) {
	if c.Resolvers == "" {
		return resolvers.Builtin(), nil
	}
	f, err := os.Open(c.Resolvers)
	if err != nil {
		return nil, err
	}
	defer f.Close() // was only read
	list, err := resolvers.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Resolvers, err)
	}
	return list, nil
}
