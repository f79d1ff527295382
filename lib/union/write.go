package union

import (
	"errors"
	"io"
	"os"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
)

// mostIPs is the longest list of addresses where there is no other limit: a
// line of more than aggregate.MaxRow could not be read again.
const mostIPs = 300_000

// errFold ends a merge in which there is something to fold.
var errFold = errors.New("there is something to fold")

// Write writes the union of all inputs.
func (u *Union) Write(w io.Writer) error {
	switch {
	case u.Rows > 0:
		return u.spool(w)
	case !u.folded.Empty():
		return u.writeFolded(w, nil)
	}
	return u.merge(w, nil, u.shorten)
}

// spool is Write where rows are limited. Only at the end is it known whether
// they are too many, and what is printed cannot be taken back: so it stands in
// a file without a name before.
func (u *Union) spool(w io.Writer) error {
	f, err := aggregate.UnnamedFile(u.dir)
	if err != nil {
		return err
	}
	defer f.Close() // has no name
	if err := u.writeFile(f, nil); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}

// old is an aggregate that is merged with the inputs: it can be read again.
type old func() (*aggregate.Source, error)

// writeFile writes the union of all inputs and of an aggregate, if there is
// one, to an empty file. Nearly always there is nothing to fold, and one pass
// does it.
func (u *Union) writeFile(f *os.File, more old) error {
	if u.folded.Empty() {
		err := u.merge(f, more, u.nothingToFold())
		if !errors.Is(err, errFold) {
			return err
		}
		if err := rewind(f); err != nil {
			return err
		}
	}
	return u.writeFolded(f, more)
}

func rewind(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return errors.Join(err, f.Truncate(0))
}

// nothingToFold returns a check that fails where there is.
func (u *Union) nothingToFold() aggregate.Check {
	rows := 0
	return func(r *aggregate.Record) error {
		rows++
		if u.Rows > 0 && rows > u.Rows || fold.Folded(r.Key) {
			return errFold
		}
		return u.shorten(r)
	}
}

// shorten folds the addresses of a record that has too many of them.
func (u *Union) shorten(r *aggregate.Record) error {
	const shortest = len("::,")
	if r.Len() < u.maxIPs()*shortest {
		return nil
	}
	whole, err := r.Whole()
	if err != nil {
		return nil // a row that is trusted goes on as it is
	}
	if list := u.shortenList(whole.IPs); len(list) < len(whole.IPs) {
		*r = whole.WithIPs(list)
	}
	return nil
}

func (u *Union) shortenList(list []byte) []byte { return fold.List(list, u.maxIPs()) }

func (u *Union) maxIPs() int {
	if u.IPs > 0 {
		return u.IPs
	}
	return mostIPs
}

// merge writes the union of all inputs and of an aggregate.
func (u *Union) merge(w io.Writer, more old, check aggregate.Check) error {
	p, err := u.pass(more)
	if err != nil {
		return err
	}
	if err := aggregate.MergeChecked(w, p.sources, check); err != nil {
		return err
	}
	u.warnAll(p.scanners)
	return nil
}

// pass is all inputs, to be read once.
type pass struct {
	sources  []*aggregate.Source
	scanners []*batch.Scanner // of the files
}

func (u *Union) pass(more old) (p pass, err error) {
	for most := maxOpen(); len(u.files) > most; {
		if err := u.mergeGroup(most); err != nil {
			return p, err
		}
	}
	if p.sources, err = u.stream.Sources(func(run io.Reader) aggregate.Lines { return scan(run) }); err != nil {
		return p, err
	}
	for _, f := range u.merged {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return p, err
		}
		p.sources = append(p.sources, aggregate.NewAggregate(scan(f), true, changed))
	}
	if more != nil {
		s, err := more()
		if err != nil {
			return p, err
		}
		p.sources = append(p.sources, s)
	}
	p.open(u.files)
	return p, nil
}

// mergeGroup makes one sorted run of the first n files.
func (u *Union) mergeGroup(n int) error {
	run, err := aggregate.UnnamedFile(u.dir)
	if err != nil {
		return err
	}
	u.merged = append(u.merged, run)
	var p pass
	p.open(u.files[:n])
	if err := aggregate.MergeChecked(run, p.sources, u.shorten); err != nil {
		return err
	}
	u.warnAll(p.scanners)
	u.files = u.files[n:]
	return nil
}

func (u *Union) warnAll(scanners []*batch.Scanner) {
	for _, in := range scanners {
		u.warn(in)
	}
}
