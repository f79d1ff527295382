package aggregate

import "bytes"

// A sum is a record, and others of its key added to it. What it is given must
// stay where it is as long as the sum is of use.
type sum struct {
	rec  Record
	list []byte   // the place of its addresses, if they are of several records
	more [][]byte // addresses that are not united with them yet
}

// add adds a record. scratch is memory that serves for all sums.
func (s *sum) add(r *Record, scratch *[]byte) {
	s.addNumbers(r.Count, r.Last)
	if list, changed := unite((*scratch)[:0], s.rec.IPs, r.IPs); changed {
		*scratch = list
		s.list = append(s.list[:0], list...)
		s.rec.IPs = s.list
	}
}

// addLater is add for a sum of many records: their addresses are united at last,
// and by halves. One after the other, a hundred thousand records with an address
// each would take minutes.
func (s *sum) addLater(r *Record) {
	s.addNumbers(r.Count, r.Last)
	if len(r.IPs) > len("-") {
		s.more = append(s.more, r.IPs)
	} else if s.rec.IPs == nil {
		s.rec.IPs = r.IPs
	}
}

func (s *sum) addNumbers(count uint64, last []byte) {
	s.rec.line = nil
	s.rec.Count = AddCount(s.rec.Count, count)
	if bytes.Compare(last, s.rec.Last) > 0 {
		s.rec.Last = last
	}
}

// record is the sum, when all is added.
func (s *sum) record() *Record {
	if len(s.more) == 0 {
		return &s.rec
	}
	if len(s.rec.IPs) > len("-") {
		s.more = append(s.more, s.rec.IPs)
	}
	s.rec.IPs, s.more = unionOf(s.more), nil
	return &s.rec
}

// unionOf unites lists by halves.
func unionOf(lists [][]byte) []byte {
	if len(lists) == 1 {
		return lists[0]
	}
	half := len(lists) / 2
	a, b := unionOf(lists[:half]), unionOf(lists[half:])
	return union(make([]byte, 0, len(a)+len(b)+1), a, b)
}
