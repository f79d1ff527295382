package pull

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

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
	road, err := w.receive(ctx, h, home)
	if ctx.Err() != nil {
		return outcome{state: pulled.Failed}
	}
	s := store{folder: w.folder, home: home, now: w.Now(), before: pulled.ReadStatus(home.Dir)}
	status := s.status(road, err)
	home.Stage = stage
	if err := s.note(home, status); err != nil {
		status.State, status.Message = pulled.Failed, "cannot write pull.status: "+plain.Text(err.Error())
	}
	out := outcome{state: status.State}
	if len(s.change.Changed) > 0 {
		out.changed = h.Name
	}
	if status.State != pulled.OK {
		out.said = h.Name + ": " + status.Message
	}
	return out
}

// receive brings the files into the stage, and checks them.
func (w *worker) receive(ctx context.Context, h hostlist.Host, home pulled.Host) (road string, err error) {
	if err := os.MkdirAll(home.Stage, 0o700); err != nil {
		return "", err
	}
	if road, err = w.Fetch(ctx, h, home.Stage, home.Dir); err == nil {
		err = pulled.Check(home.Stage, w.MaxSize)
	}
	return road, err
}
