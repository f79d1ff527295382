package clickhouse

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"egress-monitor/lib/plain"
)

// A Client runs statements. Data, if there is any, is that of an INSERT; what
// a statement gives goes to out.
type Client interface {
	Run(statement string, data io.Reader, out io.Writer) error
}

// A Command is clickhouse-client, with its options.
type Command []string

// Run runs the command once. The command prints its own errors.
func (c Command) Run(statement string, data io.Reader, out io.Writer) error {
	cmd := exec.Command(c[0], append(c[1:len(c):len(c)], "--query="+statement)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = data, out, os.Stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return fmt.Errorf("%s: %w", c[0], err)
	}
	return err
}

// HTTP is the address of a server. A password may be in ~/.netrc.
type HTTP string

// Run posts the statement, and the data behind it.
func (u HTTP) Run(statement string, data io.Reader, out io.Writer) error {
	body := io.Reader(strings.NewReader(statement + "\n"))
	if data != nil {
		body = io.MultiReader(body, data)
	}
	request, err := http.NewRequest(http.MethodPost, string(u), io.NopCloser(body))
	if err != nil {
		return err
	}
	// An error must be known before the first byte of an answer, which else
	// would look like a whole one.
	query := request.URL.Query()
	query.Set("wait_end_of_query", "1")
	request.URL.RawQuery = query.Encode()
	if user, password, ok := netrc(request.URL.Hostname()); ok && request.URL.User == nil {
		request.SetBasicAuth(user, password)
	}
	answer, err := http.DefaultClient.Do(request)
	if e := (*url.Error)(nil); errors.As(err, &e) {
		return fmt.Errorf("%s: %w", request.URL.Host, e.Err) // the address may hold a password
	} else if err != nil {
		return err
	}
	defer answer.Body.Close() // was only read
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 4096)) // as much as there is
		return fmt.Errorf("%s: %s: %s", request.URL.Host, answer.Status, plain.FirstLine(string(said)))
	}
	_, err = io.Copy(out, answer.Body)
	return err
}

// insert runs an INSERT of the rows that write writes. Without a row there is
// nothing to do: to some clients no data is an error.
func insert(c Client, table, columns string, write func(*bufio.Writer) error) error {
	from, to := io.Pipe()
	go func() {
		w := bufio.NewWriterSize(to, 64<<10)
		err := write(w)
		if err == nil {
			err = w.Flush()
		}
		to.CloseWithError(err) // nil is the end of the data
	}()
	defer from.Close() // ends the writer, if it is not done
	data := bufio.NewReaderSize(from, 64<<10)
	if _, err := data.Peek(1); err == io.EOF {
		return nil
	} else if err != nil {
		return err
	}
	return c.Run(fmt.Sprintf("INSERT INTO egress.%s (%s) FORMAT TabSeparated", table, columns), data, io.Discard)
}
