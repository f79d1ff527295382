package child

import (
	"runtime"
	"sync"
)

// A thread is one of this process that is not like the others. It is started by the
// first call and kept: the minute opens ten files as the poller, and a thread for
// each was 3 % of its time.
type thread struct {
	prepare func() error // drops the rights of the thread

	lock    sync.Mutex // one call at a time
	calls   chan func() error
	results chan error
}

// call calls do on the thread.
func (t *thread) call(do func() error) error {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.calls == nil {
		if err := t.start(); err != nil {
			return err
		}
	}
	t.calls <- do
	return <-t.results
}

func (t *thread) start() error {
	calls, results := make(chan func() error), make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: nothing else may run on it
		err := t.prepare()
		results <- err
		if err != nil {
			return // the runtime ends the thread
		}
		for do := range calls {
			results <- do()
		}
	}()
	if err := <-results; err != nil {
		return err
	}
	t.calls, t.results = calls, results
	return nil
}
