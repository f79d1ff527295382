package firewall

import (
	"reflect"
	"testing"

	"egress-monitor/lib/testtools"
)

// Notes that are written for the version of shell scripts are read back the same.
func TestHandOver(t *testing.T) {
	f := &Firewall{Dir: t.TempDir()}
	before := map[string]before{"ip": {Table: true, Chains: []string{"OUTPUT", "FORWARD"}}, "ip6": {Chains: []string{}}}
	testtools.Must(t, f.save(&memory{Before: before, Wanted: "x"}))
	testtools.Must(t, f.HandOver())
	if got := f.olderNotes(); !reflect.DeepEqual(got, before) {
		t.Errorf("%+v", got)
	}
	if m := f.load(); m.Before != nil || m.Wanted != "" {
		t.Errorf("not forgotten: %+v", m)
	}
}
