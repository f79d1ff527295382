package tally

import "strconv"

// Print calls write with each key's record, in the order of the keys, and
// empties the table. ips says whether a record has the field of addresses.
func (t *Table) Print(ips bool, write func(record []byte) error) error {
	var buf []byte
	var day day
	for _, k := range t.sorted() {
		e := t.entries.at(k.ID)
		buf = append(append(buf[:0], t.Key(k.ID)...), ' ')
		buf = append(strconv.AppendUint(buf, e.count, 10), ' ')
		buf = day.appendTime(buf, e.last)
		if ips {
			buf = t.appendIPs(append(buf, ' '), e)
		}
		if err := write(append(buf, '\n')); err != nil {
			return err
		}
	}
	t.clear()
	return nil
}
