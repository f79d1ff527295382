// Package polls does root's half of a poll: it starts one of the two pipelines as
// the unprivileged poller, and passes on the pipeline's messages.
package polls

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/runfile"
	"egress-monitor/lib/settings"
)

// The two polls.
const (
	Domains = "domains"
	IPs     = "ips"
)

// Longest is the time after which a poll is killed; the next one reads the same
// lines again. The first poll after days has much to read.
const Longest = 10 * time.Minute

// ErrBusy means that another poll of the same kind is at work.
var ErrBusy = errors.New("another poll is at work")

// ErrHandedOver means that dpkg is replacing this version by an older one, which
// counts from here on.
var ErrHandedOver = errors.New("an older version takes over")

// A Poller starts pipelines.
type Poller struct {
	Settings settings.Settings
	Say      func(text []byte) // gets the pipeline's messages: lines
	Run      string            // the folder of locks
	Lib      string            // the folder of the pipelines
}

// New returns a Poller for this machine.
func New(s settings.Settings, say func(text []byte)) *Poller {
	return &Poller{Settings: s, Say: say, Run: layout.Run, Lib: layout.Lib}
}

// Poll runs one pipeline. If another of its kind is at work it waits, for wait at
// most, and then returns ErrBusy.
func (p *Poller) Poll(ctx context.Context, what string, wait time.Duration) error {
	unlock, err := p.lock(what, wait)
	if err != nil {
		return err
	}
	defer unlock()
	if HandedOver(p.Run) {
		return ErrHandedOver
	}
	return p.run(ctx, what, child.Command(p.Lib+"/egress-"+what))
}

// lock takes a lock of root's: the poller cannot hold it up.
func (p *Poller) lock(what string, wait time.Duration) (unlock func(), err error) {
	return runfile.Lock(p.Run+"/poll-"+what, wait, ErrBusy)
}

const handedOver = "/handed-over" // in the folder of locks; removed by dpkg, or a reboot

// HandedOver reports whether HandOver has run.
func HandedOver(run string) bool {
	_, err := os.Stat(run + handedOver)
	return err == nil
}

// HandOver writes the cursor file of a poll in the form that the version of shell
// scripts knows. From then on no poll of this version runs.
func (p *Poller) HandOver(ctx context.Context, what string, wait time.Duration) error {
	unlock, err := p.lock(what, wait)
	if err != nil {
		return err
	}
	defer unlock()
	if err := os.WriteFile(p.Run+handedOver, nil, 0o600); err != nil {
		return err
	}
	aggregate := p.Settings.Domains()
	if what == IPs {
		aggregate = p.Settings.IPs()
	}
	return p.run(ctx, what, child.Command(p.Lib+"/egress-monitor", "old-cursor", aggregate, p.Settings.Cursor(what)))
}

// Read counts a listing of the sets that count connections (a countset.Read):
// the pipeline egress-set reads it, and the token is the cursor that its commit
// leaves. The caller lets one at a time do so.
func (p *Poller) Read(token string, now time.Time, listing []byte) error {
	cmd := child.Command(p.Lib+"/egress-set", token).Input(listing).With("EGRESS_NOW=" + now.UTC().Format(time.RFC3339Nano))
	return p.run(context.Background(), IPs, cmd)
}

// oneThread keeps the pipelines' programs from starting threads for work that they
// do not have: an idle minute costs 7 % less, and a million lines cost the same.
const oneThread = "GOMAXPROCS=1"

func (p *Poller) run(ctx context.Context, what string, cmd *child.Cmd) error {
	if held := p.hold(what); held != nil {
		defer held.Close()
		cmd.Files = []*os.File{held}
	}
	r, err := cmd.With(p.Settings.Environ()...).With(oneThread).Within(Longest).AsPoller().Output(ctx)
	p.Say(r.Stderr)
	p.Say(r.Stdout)
	return err
}

// hold takes the pipeline's own lock, which keeps out one that is run by hand, and
// returns it for the pipeline to inherit: to start flock(1) twice would be 3 % of
// an idle minute. It returns nil if there is no such file yet, or another run holds
// it; then the pipeline makes it, or waits for it.
func (p *Poller) hold(what string) *os.File {
	f, err := child.OpenAsPoller(p.Settings.StateDir + "/" + what + ".lock")
	if err != nil {
		return nil
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		f.Close()
		return nil
	}
	return f
}
