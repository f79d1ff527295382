package fleet

import "testing"

func TestRole(t *testing.T) {
	for host, want := range map[string]string{
		"web1": "web*", "web22": "web*", "db-01.dc2.example.org": "db-*.dc*.example.org", "gate": "gate",
		"WIN-4T7QK2A": "WIN-*", "i-0ab12cd34ef": "i-*", "k8s1": "k*s*", "node-pool-9x4b2": "node-pool-*", "": "", "-": "-",
	} {
		if got := Role(host); got != want {
			t.Errorf("Role(%q) = %q, want %q", host, got, want)
		}
	}
}
