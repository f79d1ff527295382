package truth

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

var t0 = time.Date(2026, 2, 8, 21, 30, 0, 0, time.UTC)

func at(seconds int) Moment {
	d := time.Duration(seconds) * time.Second
	return Moment{t0.Add(d), time.Hour + d}
}

// A clock that was set says nothing about how long ago something was.
func TestAge(t *testing.T) {
	now := at(100)
	for _, test := range []struct {
		m    Moment
		age  time.Duration
		when time.Time
	}{
		{at(40), time.Minute, t0.Add(40 * time.Second)},
		{Moment{t0.AddDate(10, 0, 0), at(40).Mono}, time.Minute, t0.Add(40 * time.Second)},              // the clock was ahead
		{Moment{t0.AddDate(-10, 0, 0), at(40).Mono}, time.Minute, t0.Add(40 * time.Second)},             // it was behind
		{Moment{t0, now.Mono + time.Hour}, 100 * time.Second, t0},                                       // of another boot
		{Moment{t0.AddDate(1, 0, 0), now.Mono + time.Hour}, 0, now.Wall},                                // and of the future
		{Moment{t0.Add(time.Millisecond), at(0).Mono + time.Millisecond}, 99999 * time.Millisecond, t0}, // rounded
	} {
		if age, when := test.m.Age(now), test.m.When(now); age != test.age || !when.Equal(test.when) {
			t.Errorf("%v: %v, %v; want %v, %v", test.m, age, when, test.age, test.when)
		}
	}
}

func TestWay(t *testing.T) {
	w := &Way{}
	w.Missed(3, at(0), "first")
	w.Missed(3, at(60), "second")
	if want := (Way{Count: 3, Blind: true, Since: at(0), Why: "second"}); *w != want {
		t.Errorf("%+v, want %+v", *w, want)
	}
	if !w.Seen(4, at(120)) || *w != (Way{Count: 4, Good: at(120)}) {
		t.Errorf("%+v", *w)
	}
	if w.Seen(5, at(180)) {
		t.Error("was not blind")
	}
}

func TestTask(t *testing.T) {
	task := &Task{Busy: at(0)}
	task.Done(errors.New("a"), at(0))
	task.Done(errors.New("b"), at(60))
	if want := (Task{Failing: at(0), Why: "b"}); *task != want {
		t.Errorf("%+v, want %+v", *task, want)
	}
	if task.Done(nil, at(120)); *task != (Task{}) {
		t.Errorf("%+v", *task)
	}
}

// A minute whose polls take long has run when it began to poll.
func TestRun(t *testing.T) {
	for _, test := range []struct{ minute, polling, want Moment }{
		{at(0), Moment{}, at(0)}, {at(0), at(60), at(60)}, {at(120), at(60), at(120)},
	} {
		s := &State{Minute: test.minute, Polling: test.polling}
		if got := s.Run(at(130)); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func TestReadWrite(t *testing.T) {
	name := filepath.Join(t.TempDir(), "truth")
	if s, err := Read(name); err != nil || !reflect.DeepEqual(s, &State{}) {
		t.Errorf("no file: %+v, %v", s, err)
	}
	now := Now()
	s := &State{Minute: now, Since: "x", Gaps: []string{"a"}}
	s.Way(Names).Seen(3, now)
	s.Task(Healing).Done(errors.New("why"), now)
	testtools.Must(t, s.Write(name, os.Getgid()))
	got, err := Read(name)
	if err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("%+v, %v; want %+v", got, err, s)
	}
	text, err := os.ReadFile(name)
	if err != nil || strings.Contains(string(text), "0001-01-01") {
		t.Errorf("%s, %v", text, err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	// What was written in another boot, or makes no sense, says nothing.
	s.Minute.Mono += time.Hour
	testtools.Must(t, s.Write(name, os.Getgid()))
	if got, err := Read(name); err != nil || !reflect.DeepEqual(got, &State{}) {
		t.Errorf("another boot: %+v, %v", got, err)
	}
	testtools.Must(t, os.WriteFile(name, []byte("{"), 0o600))
	if got, err := Read(name); err != nil || !reflect.DeepEqual(got, &State{}) {
		t.Errorf("nonsense: %+v, %v", got, err)
	}
}
