package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"egress-monitor/lib/testtools"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dnsparse": main})
}

func TestScripts(t *testing.T) {
	testtools.Scripts(t, "dnsparse", testscript.Params{}, "SAMPLES="+testtools.Absolute(t, "../../testdata/dnsmasq"), "TZ=UTC")
}

// BenchmarkBulk reads large logs, of dnsmasq's own file, extra and plain, and of syslog:
// make profile runs it.
func BenchmarkBulk(b *testing.B) {
	for _, kind := range []struct{ name, samples, host string }{{"extra", "extra", ""}, {"plain", "plain", ""}, {"syslog", "extra", " gw dnsmasq["}} {
		b.Run(kind.name, func(b *testing.B) {
			name, size := bulk(b, kind.samples, kind.host)
			defer func(f *os.File) { os.Stdout = f }(os.Stdout)
			os.Stdout, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
			b.SetBytes(size)
			for b.Loop() {
				c := command{UTC: true, Files: []string{name}, Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
				if err := c.Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// bulk is a log of 16 MiB: the samples of a kind, again and again, with other
// names each time, and with a host if there is one.
func bulk(b *testing.B, kind, host string) (name string, size int64) {
	files, _ := filepath.Glob("../../testdata/dnsmasq/*-" + kind + "*.log")
	var text, log []byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		text = append(text, data...)
	}
	if host != "" {
		text = bytes.ReplaceAll(text, []byte(" dnsmasq["), []byte(host))
	}
	for i := 0; len(log) < 16<<20; i++ {
		log = append(log, bytes.ReplaceAll(text, []byte("example"), fmt.Appendf(nil, "zone%d.example", i%500))...)
	}
	name = filepath.Join(b.TempDir(), "log")
	if err := os.WriteFile(name, log, 0o600); err != nil {
		b.Fatal(err)
	}
	return name, int64(len(log))
}
