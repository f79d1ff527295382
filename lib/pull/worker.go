package pull

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"egress-monitor/lib/hostlist"
	"egress-monitor/lib/plain"
	"egress-monitor/lib/pulled"
)

// A worker pulls one host after the other.
type worker struct {
	*Options
	folder *Folder
	number int
}

// pull pulls a host, and notes how that went. It notes nothing when ctx ended.
func (w *worker) pull(ctx context.Context, h hostlist.Host) outcome {
	stage := filepath.Join(w.folder.Work, fmt.Sprintf("stage.%d", w.number))
	home := pulled.Host{Dir: filepath.Join(w.folder.Dir, h.Name), Stage: filepath.Join(stage, "in"), Mode: w.Mode}
	before := pulled.ReadStatus(home.Dir)
	now := pulled.Status{Pulled: before.Pulled}
	road, err := w.receive(ctx, h, home)
	if ctx.Err() != nil {
		return outcome{state: pulled.Failed}
	}
	now.Time = w.Now()
	if err == nil {
		now.Pulled = now.Time
		now.State, now.Message, err = store(home, road)
	}
	if err != nil {
		now.State, now.Message, now.Pulled = pulled.Failed, plain.Text(err.Error()), before.Pulled
	}
	home.Stage = stage
	if err := writeStatus(home, now); err != nil {
		now.State, now.Message = pulled.Failed, "cannot write pull.status: "+plain.Text(err.Error())
	}
	out := outcome{state: now.State}
	if now.State != pulled.OK {
		out.said = h.Name + ": " + now.Message
	}
	return out
}

// receive brings the files into the stage, and checks them.
func (w *worker) receive(ctx context.Context, h hostlist.Host, home pulled.Host) (road string, err error) {
	if err := os.MkdirAll(home.Stage, 0o700); err != nil {
		return "", err
	}
	if road, err = w.Fetch(ctx, h, home.Stage, home.Dir); err == nil {
		err = home.Check(w.MaxSize)
	}
	return road, err
}

// store puts what came in place.
func store(home pulled.Host, road string) (state pulled.State, message string, err error) {
	change, err := publish(home)
	switch {
	case err != nil:
		return pulled.Failed, "", fmt.Errorf("cannot store: %w", err)
	case len(change.Fallen) > 0:
		return pulled.Reset, "counts fell, the server began anew: " + strings.Join(change.Fallen, " "), nil
	case len(change.Changed) > 0:
		return pulled.OK, "by " + road + ", changed: " + strings.Join(change.Changed, " "), nil
	}
	return pulled.OK, "by " + road + ", unchanged", nil
}

func publish(home pulled.Host) (change pulled.Change, err error) {
	if err = os.MkdirAll(home.Dir, 0o777); err == nil {
		change, err = home.Compare()
	}
	if err == nil {
		err = home.Publish(change)
	}
	return change, err
}

func writeStatus(home pulled.Host, s pulled.Status) error {
	if err := os.MkdirAll(home.Dir, 0o777); err != nil {
		return err
	}
	return home.WriteStatus(s)
}
