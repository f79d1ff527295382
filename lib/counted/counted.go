// Package counted finds out up to when an aggregate has counted: where the
// position of the last poll is lost, it is the time of its newest row from
// which a log is read on.
package counted

import (
	"errors"
	"io/fs"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
)

// slack is by how much a row may lie ahead of the clock. What is further ahead
// comes of a clock that was wrong, and would keep everything out until then.
const slack = time.Minute

// Newest is the latest time of the aggregate's rows that is not ahead of now,
// in seconds since 1970; 0 if there is none, or no aggregate.
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
