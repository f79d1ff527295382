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
	used uint64 // counts the lines
}

// process returns the process with that pid, a new one if need be.
func (t *Tracker) process(pid uint32) *process {
	ps := &t.procs
	ps.used++
	p := ps.find(pid)
	if p.pid != pid { // replaced by the new one
		t.leave(p)
		*p = process{pid: pid, block: block{seen: p.seen[:0]}}
	}
	p.used = ps.used
	return p
}

// find returns the process with that pid, or the one to be replaced by it.
func (ps *processes) find(pid uint32) (oldest *process) {
	for i := range ps.list {
		p := &ps.list[i]
		if p.pid == pid {
			return p
		}
		if oldest == nil || p.used < oldest.used {
			oldest = p
		}
	}
	if len(ps.list) == maxProcesses {
		return oldest
	}
	ps.list = append(ps.list, process{pid: pid})
	return &ps.list[len(ps.list)-1]
}
