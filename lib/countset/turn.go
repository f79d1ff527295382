package countset

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// make makes the table anew, with generation 1, in one transaction. Unread counts of
// a table that was there are lost: they may be old ones, restored from a copy.
func (s *Set) make() error {
	var number [8]byte
	rand.Read(number[:]) // never fails
	rules := s.rules()
	m := &memory{ID: hex.EncodeToString(number[:]), Next: &next{1, s.time(), rules}}
	b := &script{}
	b.line("add table inet %s", table)
	b.line("delete table inet %s", table)
	b.line("add table inet %s", table)
	b.line("add chain inet %s %s", table, idChain(m.ID))
	s.count(b, 1, rules)
	return s.apply(m, b)
}

// turn begins the next generation, with these rules.
func (s *Set) turn(m *memory, rules string) error {
	b := &script{}
	s.count(b, m.Last+1, rules)
	if strings.Contains(m.Wanted, " through ") && !strings.Contains(rules, " through ") {
		b.without("through")
	}
	m.Next = &next{m.Last + 1, s.time(), rules}
	b.drop(m.Counted)
	return s.apply(m, b)
}

// halt ends the last generation.
func (s *Set) halt(m *memory) error {
	if m.Stopped {
		return nil
	}
	m.Next = &next{0, s.time(), m.Wanted}
	b := &script{}
	b.without("out")
	b.without("through")
	return s.apply(m, b)
}

// apply runs a transaction, after noting it in the memory: if this process is
// killed, the next one finds out whether the transaction was made.
func (s *Set) apply(m *memory, b *script) error {
	if s.Dry {
		return s.Act([]byte(b.String()), "nft", "-f", "-")
	}
	if err := s.save(m); err != nil {
		return err
	}
	if err := s.Act([]byte(b.String()), "nft", "-f", "-"); err != nil {
		return fmt.Errorf("the set that counts connections: %w", err)
	}
	k, err := see()
	if err != nil {
		return err
	}
	if !m.arrived(k) {
		return fmt.Errorf("the set that counts connections is not there although nft has made it")
	}
	m.arrive(k)
	m.GoodAt = s.time()
	return s.save(m)
}

// settle returns when no processor executes the old rules any more. The kernel runs
// rules under rcu_read_lock, and membarrier's MEMBARRIER_CMD_GLOBAL is its
// synchronize_rcu. With one processor, or where the kernel does not support it
// (nohz_full), settle waits for some time.
func settle() {
	const global = 1 // MEMBARRIER_CMD_GLOBAL
	_, _, err := unix.Syscall(unix.SYS_MEMBARRIER, global, 0, 0)
	if err != 0 || runtime.NumCPU() < 2 {
		time.Sleep(50 * time.Millisecond)
	}
}
