// Package logfile reads a rotated log file after a cursor: each complete line once,
// however the log was rotated since the cursor was made.
//
// Between two polls the file may have been renamed (once or many times), compressed,
// moved to another folder, copied and truncated, or deleted. That changes names and
// inodes, but not content. So a cursor holds how far each segment (one file of the
// log) was read, and marks by which the segment is found again by its content:
//
//	f2:8192.0123456789abcdef.01234567.89abcdef,42.….….…;89abcdef01234567…:deadbeef
//
// The parts are a version, marks separated by commas (oldest segment first, at most
// five), the identities of other files that are not new, and a checksum of all
// before it. A mark has four fields: the offset in decimal, and in hexadecimal the
// hash of the 512 bytes before the offset, the hash of the first 512 bytes, and the
// identity of the file (inode and time of birth), which only tells segments of equal
// content apart. Offsets count uncompressed bytes. A token is opaque to others. It is
// printable, without blanks, and shorter than 2,400 bytes (300 if there are no files
// but the five segments).
//
// The five newest segments have a mark, not only the live one: a writer may hold the
// old file open for a while after it has begun the new one (dnsmasq's TCP children
// do, for up to 150 s), and the next poll prints the lines that it adds there. A
// segment leaves the token when there are five newer ones. Lines that are written to
// it after that are not seen.
//
// A copy is not new, whatever its name and time, whether logrotate's options copy
// and renamecopy made it or a backup put it beside the log. A copy begins like its
// original, and both have the same bytes before the end of the copy. Once known as a
// copy, a file does not become new when its original is deleted.
//
// The numbers and dates of the copies tell their order, but only within a series: the
// copies of one folder and one kind of name. If logrotate's olddir, dateext or compress
// is changed, one series ends and another begins or continues. Between series
// the order is that of the marks, and of the times of the last writes for the files
// without one.
//
// Copy syncs the files (fdatasync) before it returns the cursor, so that after a
// power cut no cursor is ahead of its file. If the end of a file is lost nevertheless
// (a disk that lies, a backup that was restored), reading goes on after the good part.
//
// Not promised: bytes that were in no file during any poll (copytruncate loses them
// between copy and truncate) are not known to be missing. Two segments of equal
// content are told apart after a rename, but not after copytruncate once the live
// file has grown past its copy again.
package logfile

import (
	"fmt"
	"io"

	"egress-monitor/lib/logtoken"
)

// A Log is a log file and its rotated copies.
type Log struct {
	Path    string
	OldDirs []string         // further folders that hold rotated copies
	Gap     func(msg string) // called for each gap: lines that are lost

	// Set Reread if the reader of the output can recognise lines that it has counted.
	// If the position is lost, Copy then prints lines that may have been printed
	// before, after a line that tells so (batch.Reread), instead of leaving them out.
	Reread bool
}

// Copy writes to w the complete lines after the cursor, oldest first, and returns
// the cursor after them. Without a cursor ("") it writes all lines that still exist. If
// it cannot follow the cursor, it does the same, and reports a gap. On an error, some
// lines may have been written, but there is no new cursor.
func (l *Log) Copy(w io.Writer, after string) (cursor string, err error) {
	var before past
	if after != "" {
		if before.Token, err = logtoken.Parse(after); err != nil {
			l.gap("%v; printing all that is retained", err)
		}
	}
	p, err := l.plan(before)
	if err != nil {
		return "", err
	}
	defer p.close()
	if p.idle(before) {
		return after, nil
	}
	if p.lost != "" {
		l.gap("%s", p.lost)
	}
	return l.copyAll(newOutput(w), p)
}

func (l *Log) gap(format string, args ...any) {
	if l.Gap != nil {
		l.Gap(fmt.Sprintf(format, args...))
	}
}
