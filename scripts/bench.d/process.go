package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A job is programs in a pipe.
type job struct {
	name   string
	stages [][]string
	stdin  string // a file, /dev/null by default
	stdout string // the same
	before func() error
	env    []string
	after  func() error // looks at the result
}

// A cost is what a job took.
type cost struct {
	cpu  time.Duration // user and system, of all its processes
	each []time.Duration
	peak []int64 // bytes of memory of each process, if it was watched
}

// run runs a job. Its processor time is what wait4 says of each stage, with
// all that this one has waited for; no shell comes in between. If it is
// watched, the memory of its processes is looked at all the time: a look at
// wait4's figure would not do, since that begins with the memory of the process
// that has started it.
func (j *job) run(watched bool) (u cost, err error) {
	if j.before != nil {
		if err := j.before(); err != nil {
			return u, err
		}
	}
	cmds, err := j.start()
	if err != nil {
		return u, err
	}
	stop, peak := make(chan bool), make(chan []int64)
	if watched {
		go watch(cmds, stop, peak)
	}
	for _, c := range cmds {
		if e := c.Wait(); e != nil && err == nil {
			err = fmt.Errorf("%s: %s: %w", j.name, c.Args[0], e)
		}
		if c.ProcessState != nil {
			r := c.ProcessState.SysUsage().(*syscall.Rusage)
			u.each = append(u.each, time.Duration(r.Utime.Nano()+r.Stime.Nano()))
			u.cpu += u.each[len(u.each)-1]
		}
	}
	if watched {
		stop <- true
		u.peak = <-peak
	}
	if err == nil && j.after != nil {
		err = j.after()
	}
	return u, err
}

// start starts all stages of a job.
func (j *job) start() (cmds []*exec.Cmd, err error) {
	in, err := os.Open(orNull(j.stdin))
	if err != nil {
		return nil, err
	}
	for i, args := range j.stages {
		var out, next *os.File
		if i == len(j.stages)-1 {
			out, err = os.OpenFile(orNull(j.stdout), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		} else {
			next, out, err = os.Pipe()
		}
		if err != nil {
			return cmds, err
		}
		c := exec.Command(args[0], args[1:]...)
		c.Stdin, c.Stdout, c.Stderr = in, out, os.Stderr
		c.Env = append(os.Environ(), j.env...)
		err = c.Start()
		in.Close()
		out.Close()
		if err != nil {
			return cmds, fmt.Errorf("%s: %w", j.name, err)
		}
		cmds = append(cmds, c)
		in = next
	}
	return cmds, nil
}

func orNull(file string) string {
	if file == "" {
		return os.DevNull
	}
	return file
}

// watch finds the most memory that a process has, until it is stopped. The
// kernel keeps the highest value, so what grows after the last look is missed,
// and nothing else.
func watch(cmds []*exec.Cmd, stop <-chan bool, peak chan<- []int64) {
	most := make([]int64, len(cmds))
	for {
		for i, c := range cmds {
			most[i] = max(most[i], highWater(c.Process.Pid))
		}
		select {
		case <-stop:
			peak <- most
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// highWater returns VmHWM of a process, in bytes; 0 when it has ended, or is not
// yet the program that it is to be.
func highWater(pid int) int64 {
	self, _ := os.Readlink("/proc/self/exe")
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil || exe == self {
		return 0
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, ok := bytes.Cut(status, []byte("VmHWM:"))
	if !ok {
		return 0
	}
	kb, _ := strconv.ParseInt(strings.Fields(string(rest))[0], 10, 64)
	return kb << 10
}

// fastest runs each job once, and returns the one that took the least
// processor time, and in words what the others took.
func fastest(jobs ...*job) (*job, string, error) {
	var best *job
	var least time.Duration
	var notes []string
	for _, j := range jobs {
		u, err := j.run(false)
		if err != nil {
			return nil, "", err
		}
		if best == nil || u.cpu < least {
			best, least = j, u.cpu
		}
		notes = append(notes, fmt.Sprintf("%s %s", j.name, seconds(u.cpu)))
	}
	return best, strings.Join(notes, ", "), nil
}

// inTurn runs jobs in turn, so that what else the machine does befalls all, and
// returns what each took in each round. Before a round it calls before, if there
// is one.
func inTurn(rounds int, before func() error, jobs ...*job) ([][]time.Duration, error) {
	took := make([][]time.Duration, len(jobs))
	for n := range rounds {
		if before != nil {
			if err := before(); err != nil {
				return nil, err
			}
		}
		for i := range jobs {
			i = (i + n) % len(jobs) // nobody is always the first
			u, err := jobs[i].run(false)
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], u.cpu)
		}
	}
	return took, nil
}

// A ratio is what one job took compared with another one.
type ratio struct {
	ours, theirs time.Duration // medians
	value        float64       // the median of the ratios
	low, high    float64       // half of them lie between
}

// newRatio compares each run of one job with that of another one beside it.
func newRatio(ours, theirs []time.Duration) ratio {
	var values []float64
	for i := range ours {
		values = append(values, ours[i].Seconds()/theirs[i].Seconds())
	}
	slices.Sort(values)
	n := len(values)
	return ratio{median(ours), median(theirs), median(values), values[n/4], values[n-1-n/4]}
}

func median[T time.Duration | float64](list []T) T {
	list = slices.Sorted(slices.Values(list))
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}

// stages says in words what each process of a job took.
func (u cost) stages(j *job) string {
	var words []string
	for i, d := range u.each {
		words = append(words, fmt.Sprintf("%s %s, %.1f MiB", filepath.Base(j.stages[i][0]), seconds(d), float64(u.peak[i])/(1<<20)))
	}
	return strings.Join(words, "; ")
}
