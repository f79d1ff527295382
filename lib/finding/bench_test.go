package finding

import (
	"os"
	"testing"
	"time"
)

func BenchmarkList(b *testing.B) {
	dir := os.Getenv("FLEET_DIR")
	if dir == "" {
		b.Skip("FLEET_DIR")
	}
	for range b.N {
		List(read(b, dir, time.Now()))
	}
}
