package main

import (
	"slices"

	"egress-monitor/lib/carrier"
	"egress-monitor/lib/journal"
	"egress-monitor/lib/netfilter"
)

// trusts reports whether a line counts although it is not the kernel's, because the
// command line names its program or allows a relay. It may change the message of the
// entry to the part that is a LOG line.
func (c *command) trusts(e *journal.Entry, packets *netfilter.Parser) bool {
	l := e.Line
	if l == nil || l.Relayed && !c.Relay {
		return false
	}
	if l.Relayed {
		direct := *l
		if direct.Relayed = false; direct.Kernel() {
			return true
		}
	}
	if len(l.Tag) > 0 && slices.Contains(c.Tag, string(l.Tag)) {
		return true
	}
	return !l.Process && slices.Contains(c.Tag, "-") && untagged(e, packets)
}

// untagged finds a LOG line in an entry without a tag. The beginning of its prefix may
// have been read as a tag, or as a host.
func untagged(e *journal.Entry, packets *netfilter.Parser) bool {
	for _, text := range [...][]byte{e.Line.Message, e.Line.Text, e.Line.Rest} {
		text, _ = carrier.KernelMessage(text)
		if _, ok, _ := packets.Parse(text); ok {
			e.Message = text
			return string(e.Line.Tag) != "kernel"
		}
	}
	return false
}
