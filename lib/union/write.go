package union

import (
	"errors"
	"io"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/merge"
	"egress-monitor/lib/unnamed"
)

// mostIPs is how many addresses a row may have if IPs is 0: a line longer than
// aggregate.MaxRow could not be read again.
const mostIPs = 300_000

// errNarrow ends a merge at the first narrow row.
var errNarrow = errors.New("there is a narrow row")

// Write writes the union of all inputs.
func (u *Union) Write(w io.Writer) (err error) {
	switch {
	case u.Rows > 0:
		return u.spool(w)
	case !u.narrow.Empty():
		_, err = u.writeFolded(w, nil)
		return err
	}
	return u.merge(w, nil, u.shorten, nil)
}

// spool is Write with a limit of rows. Whether there are too many is known only
// at the end, and printed rows cannot be taken back; so they are first written to
// a file without a name.
func (u *Union) spool(w io.Writer) error {
	f, err := unnamed.File(u.dir)
	if err != nil {
		return err
	}
	defer f.Close() // has no name
	if err := u.writeFile(&target{File: f}, nil); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}

// old opens the aggregate that is merged with the inputs. It may be called again.
type old func() (*merge.Source, error)

// writeFile writes the union of all inputs and of an aggregate, if more is not
// nil, to an empty file. Nearly always no row is narrow and there are not too
// many rows; then one pass is enough.
func (u *Union) writeFile(f *target, more old) error {
	rows, err := u.writeAll(f, more)
	if err != nil || u.Rows == 0 || rows <= u.Rows {
		return err
	}
	return u.reduce(f)
}

// writeAll is writeFile without a limit. It returns the number of rows.
func (u *Union) writeAll(f *target, more old) (rows int, err error) {
	if u.narrow.Empty() {
		err := u.merge(f, more, func(r *merge.Row) error {
			rows++
			if fold.Narrow(r.Key()) {
				return errNarrow
			}
			return u.shorten(r)
		}, u.pass(&rows))
		if !errors.Is(err, errNarrow) {
			return rows, err
		}
		if err := f.rewind(); err != nil {
			return 0, err
		}
	}
	return u.writeFolded(f, more)
}

// shortestIP is the fewest bytes that an address takes in a list.
const shortestIP = len("::,")

// shorten shortens the list of addresses of a row, if it is too long.
func (u *Union) shorten(r *merge.Row) error {
	if !u.mayBeLong(r.Len()) {
		return nil
	}
	rec, err := r.Record()
	if err != nil {
		return err
	}
	if list := u.shortenList(rec.IPs); len(list) < len(rec.IPs) {
		rec.IPs = list
		r.Set(rec)
	}
	return nil
}

// mayBeLong reports whether a row of so many bytes can have too many addresses.
func (u *Union) mayBeLong(size int) bool { return size >= u.maxIPs()*shortestIP }

func (u *Union) shortenList(list []byte) []byte { return fold.List(list, u.maxIPs()) }

func (u *Union) maxIPs() int {
	if u.IPs > 0 {
		return u.IPs
	}
	return mostIPs
}

// merge writes the union of all inputs and of an aggregate.
func (u *Union) merge(w io.Writer, more old, check merge.Check, pass func(lines []byte) int) error {
	p, err := u.inputs(more)
	if err != nil {
		return err
	}
	if err := merge.Write(w, p.sources, check, pass); err != nil {
		return err
	}
	u.warnAll(p.scanners)
	return nil
}

// pass is one reading of all inputs.
type pass struct {
	sources  []*merge.Source
	scanners []*batch.Scanner // of the files
}

func (u *Union) inputs(more old) (p pass, err error) {
	for most := maxOpen(); len(u.files) > most; {
		if err := u.mergeGroup(most); err != nil {
			return p, err
		}
	}
	if p.sources, err = u.stream.Sources(); err != nil {
		return p, err
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
	var p pass
	p.open(u.files[:n])
	if err := u.stream.AddSorted(p.sources, u.shorten); err != nil {
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
