package testtools

import (
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Network gives the thread of the calling goroutine, which ends with it, a
// network namespace of its own: packets to all addresses of both families go to a
// device that leads nowhere. Programs that it starts run in this namespace.
func Network(t testing.TB) {
	t.Helper()
	NeedRoot(t)
	Need(t, "ip")
	runtime.LockOSThread()
	Must(t, unix.Unshare(unix.CLONE_NEWNET))
	out, err := exec.Command("sh", "-euc", `ip link set lo up; ip link add d0 type veth peer name d1; ip link set d1 up; ip link set d0 up
		ip addr add 198.18.0.1/16 dev d0; ip addr add 2001:db8:1::1/64 dev d0 nodad
		ip route add default via 198.18.0.2 dev d0; ip neigh add 198.18.0.2 lladdr 02:00:00:00:00:01 dev d0
		ip route add default via 2001:db8:1::2 dev d0; ip neigh add 2001:db8:1::2 lladdr 02:00:00:00:00:01 dev d0`).CombinedOutput()
	if err != nil {
		t.Fatalf("ip: %v\n%s", err, out)
	}
}
