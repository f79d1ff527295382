package pull

import (
	"fmt"
	"os"
	"strings"
	"time"

	"egress-monitor/lib/baseline"
	"egress-monitor/lib/plain"
	"egress-monitor/lib/pulled"
)

// A store takes what came of one host.
type store struct {
	folder *Folder
	home   pulled.Host
	now    time.Time
	before pulled.Status

	change pulled.Change
}

// status puts the files that came by road in place, and returns the status of the pull.
// If err is not nil, the pull has failed and no files came.
func (s *store) status(road string, err error) pulled.Status {
	if err == nil {
		if err = s.put(); err != nil {
			err = fmt.Errorf("cannot store: %w", err)
		}
	}
	status := pulled.Status{Time: s.now, State: pulled.OK, Pulled: s.now, Message: "by " + road + ", unchanged"}
	switch {
	case err != nil:
		status.State, status.Message, status.Pulled = pulled.Failed, plain.Text(err.Error()), s.before.Pulled
	case len(s.change.Fallen) > 0:
		status.State, status.Message = pulled.Reset, s.fallen()
	case len(s.change.Changed) > 0:
		status.Message = "by " + road + ", changed: " + strings.Join(s.change.Changed, " ")
	}
	return status
}

func (s *store) fallen() string {
	return "counts fell, the server began anew: " + strings.Join(s.change.Fallen, " ")
}

// put puts the files in place, and takes them into the records. A reset is noted
// before, since nothing shows it any more once the files are replaced.
func (s *store) put() (err error) {
	dir := s.home.Dir
	if err = os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if s.change, err = s.home.Compare(); err != nil {
		return err
	}
	if err = takeOver(dir, s.before.Pulled); err != nil {
		return err
	}
	if len(s.change.Changed) > 0 {
		err = s.folder.notePending()
	}
	if err == nil && len(s.change.Fallen) > 0 {
		err = baseline.Note(dir, s.now, baseline.Reset, s.fallen())
	}
	if err == nil {
		err = s.home.Publish(s.change)
	}
	if err == nil {
		err = baseline.Update(dir, s.now)
	}
	return err
}

// note writes down how the pull went.
func (s *store) note(home pulled.Host, status pulled.Status) error {
	if err := os.MkdirAll(home.Dir, 0o777); err != nil {
		return err
	}
	kind := baseline.Good
	if status.State == pulled.Failed {
		kind = baseline.Failed
	}
	if err := baseline.Note(home.Dir, s.now, kind, status.Message); err != nil {
		return err
	}
	return home.WriteStatus(status)
}
