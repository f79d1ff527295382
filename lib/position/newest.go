package position

import (
	"errors"
	"io/fs"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
)

// slack is how far a row may be ahead of the clock. A row further ahead was made while
// the clock was wrong, and would keep out all lines until then.
const slack = time.Minute

// Newest returns the latest time in the rows of an aggregate that is not ahead of now,
// in seconds since 1970; 0 if there is no such row, or no aggregate. If the position
// of the last poll is lost, a log is read on after that time.
func Newest(file string, now time.Time) (unix int64, err error) {
	var newest []byte
	limit := now.Add(slack).UTC().Format(aggregate.TimeLayout)
	rows := batch.Open([]string{file})
	defer rows.Close()
	rows.Plain = true
	for rows.Scan() {
		r, err := aggregate.Parse(rows.Bytes())
		if err == nil && string(r.Last) <= limit && string(r.Last) > string(newest) {
			newest = append(newest[:0], r.Last...)
		}
	}
	if err := rows.Err(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	if newest == nil {
		return 0, nil
	}
	t, err := time.Parse(aggregate.TimeLayout, string(newest))
	return t.Unix(), err
}
