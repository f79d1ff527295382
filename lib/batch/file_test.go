package batch

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

var someFiles = []File{
	{Trailer: Trailer{Cursor: "f1:0"}},
	{Staged: "ips.log.staged-1-2 3 4 5", Trailer: Trailer{Cursor: "f1:0"}},
	{Staged: "ips.log.staged-1-2 3 4 5", Trailer: Trailer{Carry: []string{"t 17", "q 1 2 3 www.example.com", ""}, Cursor: "f1:0"}},
}

func TestFile(t *testing.T) {
	for _, f := range someFiles {
		text := f.Append(nil)
		if got, err := ParseFile(text); err != nil || !reflect.DeepEqual(got, f) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		_, old, _ := bytes.Cut(text, []byte{'\n'}) // as the first versions wrote it
		if got, err := ParseFile(old); err != nil || !reflect.DeepEqual(got, f) {
			t.Errorf("%q: %+v, %v", old, got, err)
		}
	}
	for _, bad := range []string{"-- carry: a\n", "-- staged: a\n", "-- cursor: a", "-- cursor: a\n-- cursor: b\n", "-- cursor: a b\n", "x\n-- cursor: a\n"} {
		if got, err := ParseFile([]byte(bad)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%q: %+v, %v", bad, got, err)
		}
	}
	if got, err := ParseFile(nil); err != nil || !reflect.DeepEqual(got, File{}) {
		t.Errorf("an empty one: %+v, %v", got, err)
	}
}

// A cursor file of which any bit is another one, or the end is missing, is not
// believed.
func TestFileDamaged(t *testing.T) {
	for _, f := range someFiles {
		text := f.Append(nil)
		for i := range text {
			for bit := range 8 {
				bad := bytes.Clone(text)
				bad[i] ^= 1 << bit
				if got, err := ParseFile(bad); !errors.Is(err, ErrDamaged) {
					t.Errorf("%q: %+v, %v", bad, got, err)
				}
			}
			if got, err := ParseFile(text[:i]); i > 0 && !errors.Is(err, ErrDamaged) {
				t.Errorf("%q: %+v, %v", text[:i], got, err)
			}
		}
		if _, err := ParseFile(append(text, '\n')); err == nil {
			t.Error("something after the end")
		}
	}
}

func FuzzFile(f *testing.F) {
	for _, s := range someFiles {
		f.Add(s.Append(nil))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := ParseFile(text)
		if err != nil || len(text) == 0 {
			return
		}
		again, err := ParseFile(file.Append(nil))
		if err != nil || !reflect.DeepEqual(again, file) {
			t.Errorf("%q: %+v, then %+v, %v", text, file, again, err)
		}
		if strings.ContainsAny(file.Trailer.Cursor, " \n") {
			t.Errorf("cursor %q", file.Trailer.Cursor)
		}
	})
}
