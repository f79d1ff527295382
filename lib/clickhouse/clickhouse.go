// Package clickhouse loads the files that egress-pull pulled into ClickHouse, and runs
// queries there.
//
// schema.sql defines the rows. A load is a state, so that loading twice, late
// or in another order changes nothing. Host names and files are data: they go to
// ClickHouse as the data of an INSERT, escaped, and are never part of a query.
package clickhouse

import (
	"embed"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"
)

//go:embed schema.sql queries/*.sql
var files embed.FS

// Queries returns the names of the queries that are at hand.
func Queries() (names []string) {
	entries, err := files.ReadDir("queries")
	if err != nil {
		panic(err) // they are part of the program
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".sql"))
	}
	return names
}

// Query returns the text of a query: one of Queries by its name, else a file.
func Query(name string) (string, error) {
	text, err := files.ReadFile(path.Join("queries", name+".sql"))
	if err != nil {
		text, err = os.ReadFile(name)
	}
	if os.IsNotExist(err) && !strings.ContainsAny(name, "/.") {
		return "", fmt.Errorf("%s: no query has that name, nor is it a file; there are %s", name, strings.Join(Queries(), ", "))
	}
	return strings.TrimRight(string(text), "; \t\r\n"), err
}

// SinceParameter is the parameter of queries for the time that decides what is new, as
// servers from 19 on write a parameter.
const SinceParameter = "{since:DateTime('UTC')}"

// Ask prints the answer to a query, a row a line.
func Ask(c Client, query string, since time.Time, out io.Writer) error {
	moment := fmt.Sprintf("toDateTime('%s', 'UTC')", since.UTC().Format("2006-01-02 15:04:05"))
	return c.Run(strings.ReplaceAll(query, SinceParameter, moment)+"\nFORMAT TabSeparatedRaw", nil, out)
}

// MakeSchema makes the database, its tables and its views.
func MakeSchema(c Client) error {
	text, err := files.ReadFile("schema.sql")
	if err != nil {
		panic(err) // it is part of the program
	}
	for _, statement := range statements(string(text)) {
		if err := c.Run(statement, nil, io.Discard); err != nil {
			return err
		}
	}
	return nil
}

// statements cuts a text at each semicolon at the end of a line. Comments are
// lines of their own.
func statements(text string) (list []string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "--") {
			continue
		}
		b.WriteString(line)
		if s := strings.TrimRight(b.String(), "\n"); strings.HasSuffix(s, ";") {
			list = append(list, strings.TrimSpace(strings.TrimSuffix(s, ";")))
			b.Reset()
		}
	}
	return list
}
