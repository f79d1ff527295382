package clickhouse

import (
	"os"
	"path/filepath"
	"strings"
)

// netrc finds the name and the password for a machine in ~/.netrc (or NETRC):
// words "machine NAME login USER password TEXT", or "default" for all others.
func netrc(machine string) (user, password string, ok bool) {
	name := os.Getenv("NETRC")
	if home, err := os.UserHomeDir(); name == "" && err == nil {
		name = filepath.Join(home, ".netrc")
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", "", false // it is optional
	}
	words := strings.Fields(string(text))
	for i := 0; i < len(words); i++ {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch words[i] {
		case "machine", "default":
			if ok {
				return user, password, true
			}
			ok = words[i] == "default" || next == machine
		case "login":
			user = choose(ok, next, user)
		case "password":
			password = choose(ok, next, password)
		default:
			continue
		}
		if words[i] != "default" {
			i++
		}
	}
	return user, password, ok
}

func choose(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
