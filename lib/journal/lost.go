package journal

import "bytes"

// Lost returns how many messages the kernel overwrote before journald could read
// them. journald logs that in one of two ways (src/journal/journald-kmsg.c):
//
//	Missed 4318 kernel messages
//	/dev/kmsg buffer overrun, some messages lost.
//
// The second, without a number, is not always there when the first one is. n is
// 0 then. The sum of the first is exact, over all messages of the kernel.
func (e *Entry) Lost() (n uint64, ok bool) {
	if e.Source != Journald {
		return 0, false
	}
	if bytes.HasPrefix(e.Message, []byte("/dev/kmsg buffer overrun")) {
		return 0, true
	}
	text, ok := bytes.CutPrefix(e.Message, []byte("Missed "))
	if !ok {
		return 0, false
	}
	text, ok = bytes.CutSuffix(text, []byte(" kernel messages"))
	k := number(text)
	return uint64(k), ok && k > 0
}
