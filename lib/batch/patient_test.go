package batch

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// A stream in many small pieces arrives whole, in few reads.
func TestPatient(t *testing.T) {
	r, w, err := os.Pipe()
	testtools.Must(t, err)
	const pieces = 2000
	piece := bytes.Repeat([]byte("x"), 4096)
	go func() {
		for range pieces {
			w.Write(piece)
		}
		w.Close()
	}()
	p, ok := Patient(r).(*patient)
	if !ok {
		t.Fatal("a pipe is not read with patience")
	}
	total, reads, buf := 0, 0, make([]byte, 64<<10)
	for {
		n, err := p.Read(buf)
		total += n
		reads++
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if total != pieces*len(piece) {
		t.Errorf("got %d bytes in %d reads, want %d", total, reads, pieces*len(piece))
	}
}

// A short input is not delayed, nor is a writer that is fast.
func TestPatientIsShort(t *testing.T) {
	r, w, err := os.Pipe()
	testtools.Must(t, err)
	w.WriteString("12345one line\n")
	p := Patient(r).(*patient)
	if n, err := p.Read(make([]byte, 5)); n != 5 || err != nil || p.nap != 0 {
		t.Errorf("%d bytes, %v; then a nap of %v", n, err, p.nap)
	}
	w.Close()
	start := time.Now()
	b, err := io.ReadAll(p)
	if d := time.Since(start); err != nil || string(b) != "one line\n" || d > 20*time.Second || p.nap == 0 {
		t.Errorf("got %q, %v after %v", b, err, d)
	}
}

func TestPatientIsForPipes(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	testtools.Must(t, err)
	defer f.Close()
	if Patient(f) != io.Reader(f) {
		t.Error("a file is read with patience")
	}
}
