// The rules program makes the very rules by which egress-monitor has new connections
// logged, or counted by a set, in this network namespace, and polls the set. It is a
// program because the shell scripts of testdata/real call it.
//
// Usage:
//
//	rules log|set|none FOLDER PREFIX
//	rules poll|stop FOLDER [PIPELINE]
//
// FOLDER holds its state; PIPELINE is cron.d/egress-set.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"os/exec"
	"time"

	"egress-monitor/lib/countset"
	"egress-monitor/lib/firewall"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("rules: ")
	if len(os.Args) < 3 {
		log.Fatal("usage: rules log|set|none|poll|stop FOLDER [PREFIX|PIPELINE]")
	}
	more := ""
	if len(os.Args) > 3 {
		more = os.Args[3]
	}
	if err := do(os.Args[1], os.Args[2], more); err != nil {
		log.Fatal(err)
	}
}

func do(what, dir, more string) error {
	rules := &firewall.Firewall{Dir: dir, Ask: ask, Act: act, Want: firewall.Want{Log: what == "log", Prefix: more}}
	set := &countset.Set{Dir: dir, Act: act, Wait: 5 * time.Second}
	switch what {
	case "log":
		return rules.Do()
	case "set":
		return set.Do()
	case "none":
		if err := set.Undo(); err != nil {
			return err
		}
		return rules.Undo()
	case "poll":
		said, err := set.Poll(read(more))
		for _, line := range said {
			log.Print(line)
		}
		return err
	case "stop":
		return set.Stop(read(more), true)
	}
	return fmt.Errorf("%s: no such command", what)
}

// read returns a countset.Read that gives listings to a pipeline, as package polls does.
func read(pipeline string) countset.Read {
	return func(token string, now time.Time, listing []byte) error {
		cmd := exec.Command(pipeline, token)
		cmd.Env = append(os.Environ(), "EGRESS_NOW="+now.UTC().Format(time.RFC3339Nano))
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(listing), os.Stdout, os.Stderr
		return cmd.Run()
	}
}

func ask(name string, args ...string) ([]byte, error) { return exec.Command(name, args...).Output() }

func act(stdin []byte, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), os.Stderr
	return cmd.Run()
}
