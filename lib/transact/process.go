package transact

// maxProcesses is how many processes are followed at once: dnsmasq and its
// children, of which there are 20 at most.
const maxProcesses = 32

// A process is what matters of the last line that a process wrote.
type process struct {
	pid  uint32
	used uint64 // the process with the least was not heard of for longest
	last ref    // the transaction of its last line; in a plain log, of its last question
	block
}

type processes struct {
	list []process
	now  int // the one in use
	used uint64
}

// process is the one with that pid.
func (t *Tracker) process(pid uint32) *process {
	ps := &t.procs
	if ps.now < len(ps.list) && ps.list[ps.now].pid == pid {
		return &ps.list[ps.now]
	}
	ps.used++
	ps.now = ps.find(pid)
	p := &ps.list[ps.now]
	if p.pid != pid { // it makes place for this one
		t.leave(p)
		*p = process{pid: pid, block: block{seen: p.seen[:0]}}
	}
	p.used = ps.used
	return p
}

// find is where a process stands, or where it is to stand.
func (ps *processes) find(pid uint32) int {
	oldest := 0
	for i := range ps.list {
		if ps.list[i].pid == pid {
			return i
		}
		if ps.list[i].used < ps.list[oldest].used {
			oldest = i
		}
	}
	if len(ps.list) == maxProcesses {
		return oldest
	}
	ps.list = append(ps.list, process{pid: pid})
	return len(ps.list) - 1
}
