package merge

import (
	"bytes"

	"egress-monitor/lib/aggregate"
)

// A total is the sum of records of one key. It refers to the memory of the
// records, which must not change while the total is in use.
type total struct {
	rec  aggregate.Record
	list []byte   // memory for the addresses of several records
	more [][]byte // lists of addresses that are not in rec yet
}

// add adds a record. scratch is memory that all totals share.
func (t *total) add(r *aggregate.Record, scratch *[]byte) {
	t.addNumbers(r.Count, r.Last)
	if list, changed := aggregate.Unite((*scratch)[:0], t.rec.IPs, r.IPs); changed {
		*scratch = list
		t.list = append(t.list[:0], list...)
		t.rec.IPs = t.list
	}
}

// addLater is add for a total of many records: record unites their addresses,
// all at once.
func (t *total) addLater(r *aggregate.Record) {
	t.addNumbers(r.Count, r.Last)
	if len(r.IPs) > len("-") {
		t.more = append(t.more, r.IPs)
	} else if t.rec.IPs == nil {
		t.rec.IPs = r.IPs
	}
}

func (t *total) addNumbers(count uint64, last []byte) {
	t.rec.Count = aggregate.AddCount(t.rec.Count, count)
	if bytes.Compare(last, t.rec.Last) > 0 {
		t.rec.Last = last
	}
}

// record returns the sum, after the last add.
func (t *total) record() aggregate.Record {
	if len(t.more) == 0 {
		return t.rec
	}
	if len(t.rec.IPs) > len("-") {
		t.more = append(t.more, t.rec.IPs)
	}
	t.rec.IPs, t.more = aggregate.UniteAll(t.more), nil
	return t.rec
}
