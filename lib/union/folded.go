package union

import (
	"bufio"
	"errors"
	"io"
	"os"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
)

// note takes a row of a file that looks folded.
func (u *Union) note(line []byte) {
	if rec, err := aggregate.Parse(line); err == nil && fold.Folded(rec.Key) {
		u.folded.Add(rec.Key)
	}
}

// writeFolded is Write where there is something to fold. What is folded is
// known by now but for that in the aggregate, which is looked for first. Then
// each row either goes into a file of the rest, or is summed under the key of
// the folded row that covers it; both together are the union.
//
// Memory: the keys of folded rows, some hundred bytes for each row that may be
// left, and the 16 MiB of a Sorter.
func (u *Union) writeFolded(w io.Writer, more old) error {
	if err := u.findFolded(more); err != nil {
		return err
	}
	parts, err := u.divide(more)
	if errors.Is(err, errFold) {
		if err := u.choose(more); err != nil {
			return err
		}
		parts, err = u.divide(more)
	}
	if err != nil {
		return err
	}
	defer parts.Close()
	sources, err := parts.sources()
	if err != nil {
		return err
	}
	return aggregate.MergeChecked(w, sources, u.shorten)
}

// findFolded notes what is folded in an aggregate.
func (u *Union) findFolded(more old) error {
	if more == nil {
		return nil
	}
	s, err := more()
	if err != nil {
		return err
	}
	return aggregate.Each([]*aggregate.Source{s}, func(r aggregate.Record) error {
		u.folded.Add(r.Key)
		return nil
	})
}

// choose decides what must be folded besides.
func (u *Union) choose(more old) error {
	p, err := u.pass(more)
	if err != nil {
		return err
	}
	families := fold.NewCounter(u.Rows)
	for _, key := range u.folded.Tops() {
		families.Add([]byte(key))
	}
	err = aggregate.Each(p.sources, func(r aggregate.Record) error {
		if u.folded.Top(r.Key) == "" {
			families.Add(r.Key)
		}
		return nil
	})
	for _, key := range families.Choose() {
		u.folded.Add([]byte(key))
	}
	return err
}

// parts are a union, taken apart.
type parts struct {
	rest *os.File // rows that no folded row covers
	sums *aggregate.Sorter
}

func (p *parts) Close() {
	p.rest.Close() // has no name
	p.sums.Close()
}

func (p *parts) sources() ([]*aggregate.Source, error) {
	if _, err := p.rest.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	s, err := p.sums.Sources(func(run io.Reader) aggregate.Lines { return scan(run) })
	return append(s, aggregate.NewAggregate(scan(p.rest), true, changed)), err
}

// divide takes the union apart. It fails if there are too many rows.
func (u *Union) divide(more old) (*parts, error) {
	p, err := u.pass(more)
	if err != nil {
		return nil, err
	}
	rest, err := aggregate.UnnamedFile(u.dir)
	if err != nil {
		return nil, err
	}
	to := &parts{rest: rest, sums: aggregate.NewSorter(u.dir)}
	to.sums.Shorten = u.shortenList
	if err := u.fill(to, p.sources); err != nil {
		to.Close()
		return nil, err
	}
	u.warnAll(p.scanners)
	return to, nil
}

func (u *Union) fill(to *parts, sources []*aggregate.Source) error {
	rest, rows, line := bufio.NewWriterSize(to.rest, 64<<10), len(u.folded.Tops()), []byte(nil)
	err := aggregate.Each(sources, func(r aggregate.Record) error {
		if top := u.folded.Top(r.Key); top != "" {
			return to.sums.Add(r.WithKey([]byte(top)))
		}
		if rows++; u.Rows > 0 && rows > u.Rows {
			return errFold
		}
		line = r.Append(line[:0])
		_, err := rest.Write(line)
		return err
	})
	return errors.Join(err, rest.Flush())
}
