package transact

// maxProcesses is how many processes are followed at once. dnsmasq has at most 20
// children.
const maxProcesses = 32

// A process is the state of one dnsmasq process: the transaction of its last line,
// and the answer that it is writing.
type process struct {
	pid  uint32
	used uint64 // when it last wrote, by processes.used; the smallest is replaced first
	last ref    // the transaction of its last line; in a plain log, of its last query
	block
}

type processes struct {
	list []process
	now  int // index of the process of the last line
	used uint64
}

// process returns the process with that pid, a new one if need be.
func (t *Tracker) process(pid uint32) *process {
	ps := &t.procs
	if ps.now < len(ps.list) && ps.list[ps.now].pid == pid {
		return &ps.list[ps.now]
	}
	ps.used++
	ps.now = ps.find(pid)
	p := &ps.list[ps.now]
	if p.pid != pid { // replaced by the new one
		t.leave(p)
		*p = process{pid: pid, block: block{seen: p.seen[:0]}}
	}
	p.used = ps.used
	return p
}

// find returns the index of the process with that pid, or of the place for it.
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
