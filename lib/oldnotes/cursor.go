package oldnotes

import (
	"bytes"
	"io/fs"
	"os"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/logtoken"
	"egress-monitor/lib/store"

	"github.com/google/renameio/v2"
)

// WriteCursor writes an aggregate's cursor file anew, in the form that the old version
// knows. It takes other forms for damaged, and then counts all retained lines again.
// A committed aggregate is published first, because the old version gave other names to
// staged files.
func WriteCursor(aggregate, name string) error {
	info, err := os.Stat(name)
	if os.IsNotExist(err) {
		return nil
	} else if err != nil {
		return err
	}
	if err := (&store.Store{File: aggregate, Cursor: name}).Recover(); err != nil {
		return err
	}
	f, err := batch.ReadFile(name)
	if err != nil {
		return err
	}
	return renameio.WriteFile(name, oldCursor(f), info.Mode()&fs.ModePerm)
}

// oldCursor returns the text of a cursor file without a sum. (Without the name of the
// published file the old version checks all rows once.) A position in the journal
// is only the cursor of its last entry: the old version reads on after that, whichever
// boot it is of.
func oldCursor(f batch.File) []byte {
	f.Staged = ""
	if token, err := logtoken.Parse(f.Trailer.Cursor); err == nil {
		f.Trailer.Cursor = token.First()
	} else {
		f.Trailer.Carry = nil
	}
	_, text, _ := bytes.Cut(f.Append(nil), []byte{'\n'})
	return text
}
