package main

import (
	"bytes"
	"cmp"
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
	stages [][]string
	stdin  string // a file, /dev/null by default
	stdout string // the same
	env    []string
	before func() // prepares a run
	after  func() // checks its result
}

// A cost is the processor time (user and system) and the memory of a job.
type cost struct {
	cpu  time.Duration   // of all its processes
	each []time.Duration // of each
	peak []int64         // bytes of memory of each process, if it was watched
}

// run runs a job. Its processor time is that which wait4 returns for each stage; no
// shell comes in between. If the job is watched, the memory of its processes is
// read again and again, because the figure of wait4 includes that of this program.
func (j *job) run(watched bool) (u cost) {
	if j.before != nil {
		j.before()
	}
	cmds := j.start()
	stop, peak := make(chan bool), make(chan []int64)
	if watched {
		go watch(cmds, stop, peak)
	}
	for _, c := range cmds {
		if err := c.Wait(); err != nil {
			must(fmt.Errorf("%s: %w", c.Args[0], err))
		}
		r := c.ProcessState.SysUsage().(*syscall.Rusage)
		u.each = append(u.each, time.Duration(r.Utime.Nano()+r.Stime.Nano()))
		u.cpu += u.each[len(u.each)-1]
	}
	if watched {
		stop <- true
		u.peak = <-peak
	}
	if j.after != nil {
		j.after()
	}
	return u
}

// start starts all stages of a job.
func (j *job) start() (cmds []*exec.Cmd) {
	in := get(os.Open(cmp.Or(j.stdin, os.DevNull)))
	for i, args := range j.stages {
		var out, next *os.File
		if i < len(j.stages)-1 {
			var err error
			next, out, err = os.Pipe()
			must(err)
		} else {
			out = get(os.OpenFile(cmp.Or(j.stdout, os.DevNull), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600))
		}
		c := exec.Command(args[0], args[1:]...)
		c.Stdin, c.Stdout, c.Stderr = in, out, os.Stderr
		c.Env = append(os.Environ(), j.env...)
		must(c.Start())
		in.Close()
		out.Close()
		cmds = append(cmds, c)
		in = next
	}
	return cmds
}

// watch finds the most memory that each process has, until it is stopped. The
// kernel keeps the highest value, so only growth after the last reading is missed.
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

// highWater returns VmHWM of a process, in bytes; 0 if it has ended, or has not
// yet called execve.
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

// inTurn runs jobs in turn, so that other load on the machine meets all of them,
// and returns the processor time of each job in each round. Before a round it calls
// before, if it is not nil.
func inTurn(rounds int, before func(), jobs ...*job) [][]time.Duration {
	took := make([][]time.Duration, len(jobs))
	for n := range rounds {
		if before != nil {
			before()
		}
		for i := range jobs {
			i = (i + n) % len(jobs) // no job is always the first
			took[i] = append(took[i], jobs[i].run(false).cpu)
		}
	}
	return took
}

func median[T time.Duration | float64](list []T) T {
	list = slices.Sorted(slices.Values(list))
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}

// stages returns the time and the memory of each process of a job, in words.
func (u cost) stages(j *job) string {
	var words []string
	for i, d := range u.each {
		words = append(words, fmt.Sprintf("%s %s, %.1f MiB", filepath.Base(j.stages[i][0]), seconds(d), float64(u.peak[i])/(1<<20)))
	}
	return strings.Join(words, "; ")
}
