package baseline

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/pulled"

	"github.com/klauspost/compress/zstd"
)

// How many dated states stay: the last ones, which are of a month if there is one
// each day, and of the ones before the last of each week, which are of a year. The
// limits are numbers of states, not ages: a clock that is wrong for a day must not
// remove them all.
const (
	day        = 24 * time.Hour
	keepDaily  = 31
	keepWeekly = 53
)

// keepState keeps the current state under its date, unless there is one of that
// day. A state is there whole or not at all: its folder gets its name last.
func keepState(hostDir string, now time.Time) error {
	dir := filepath.Join(hostDir, statesDir)
	states, err := States(hostDir)
	if err != nil {
		return err
	}
	for _, at := range states {
		if at.Truncate(day).Equal(now.UTC().Truncate(day)) {
			return nil
		}
	}
	staged := filepath.Join(dir, now.UTC().Format(stampLayout)+newSuffix)
	if err := errors.Join(os.RemoveAll(staged), os.MkdirAll(staged, 0o755)); err != nil {
		return err
	}
	for _, f := range files {
		if err := compress(filepath.Join(hostDir, f.state), filepath.Join(staged, f.state+compressed)); err != nil {
			return err
		}
	}
	return os.Rename(staged, strings.TrimSuffix(staged, newSuffix))
}

func compress(from, to string) error {
	in, err := pulled.OpenRegular(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close() // was only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	z, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		out.Close()
		return err
	}
	_, err = io.Copy(z, bufio.NewReader(in))
	return errors.Join(err, z.Close(), out.Sync(), out.Close())
}

// States returns the times of the dated states of a host, in order.
func States(hostDir string) (times []time.Time, err error) {
	entries, err := os.ReadDir(filepath.Join(hostDir, statesDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if t, err := time.Parse(stampLayout, e.Name()); err == nil && e.IsDir() {
			times = append(times, t)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times, err
}

// thin removes the states that are not to be kept, and the folders that a killed
// run has left.
func thin(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	daily, weekly, week := 0, 0, int64(-1)
	for _, e := range slices.Backward(entries) { // the newest first
		at, bad := time.Parse(stampLayout, e.Name())
		its := at.Unix() / int64(7*day/time.Second)
		switch {
		case bad != nil && !strings.HasSuffix(e.Name(), newSuffix):
			// not ours
		case bad == nil && daily < keepDaily:
			daily++
		case bad == nil && weekly < keepWeekly && its != week:
			weekly++
			week = its
		default:
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// Find calls do with each row of a dated state whose key is one of keys, which are
// in order. The record is valid until do returns.
func Find(hostDir string, at time.Time, name string, keys []string, do func(key string, rec aggregate.Record)) error {
	return eachLine(hostDir, at, name, func(line []byte) (more bool, err error) {
		space := bytes.IndexByte(line, ' ')
		if space < 0 {
			return true, nil
		}
		for len(keys) > 0 && keys[0] < string(line[:space]) {
			keys = keys[1:]
		}
		if len(keys) > 0 && keys[0] == string(line[:space]) {
			if rec, err := aggregate.Parse(line); err == nil {
				do(keys[0], rec)
			}
			keys = keys[1:]
		}
		return len(keys) > 0, nil
	})
}

// EachRow calls do with each row of a dated state. The record is valid until do
// returns.
func EachRow(hostDir string, at time.Time, name string, do func(aggregate.Record) error) error {
	return eachLine(hostDir, at, name, func(line []byte) (more bool, err error) {
		if rec, err := aggregate.Parse(line); err == nil {
			return true, do(rec)
		}
		return true, nil
	})
}

// eachLine calls do with each line of a dated state, as long as it wants more.
func eachLine(hostDir string, at time.Time, name string, do func(line []byte) (more bool, err error)) error {
	f, err := pulled.OpenRegular(filepath.Join(hostDir, statesDir, at.UTC().Format(stampLayout), name+compressed))
	if err != nil {
		return err
	}
	defer f.Close() // was only read
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return err
	}
	defer z.Close()
	in := batch.NewScanner(z, name)
	in.Max, in.Plain = aggregate.MaxRow, true
	for in.Scan() {
		if more, err := do(in.Bytes()); err != nil || !more {
			return err
		}
	}
	return in.Err()
}
