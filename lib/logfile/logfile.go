// Package logfile reads a log file that is rotated, from where the last reader
// stopped: each complete line once, however it was rotated in between.
//
// The problem: between two reads the file may have been renamed (once or many
// times), compressed, moved to another folder, copied and truncated, or
// deleted. Names and inodes change under that; content does not. So a cursor
// says how far each segment (file of the log) was read, and how to know it
// again by what is in it:
//
//	f2:8192.0123456789abcdef.01234567.89abcdef,42.….….…;89abcdef01234567…:deadbeef
//
// The parts are a version, marks separated by commas (oldest segment first,
// five at most), the identities of other files that are not new, and a checksum
// of all before it. A mark is four fields: the
// offset in decimal, and in hexadecimal the hash of the 512 bytes before the
// offset, the hash of the first 512 bytes, and the identity of the file (inode
// and time of birth), which serves only to tell segments of equal content
// apart. Offsets count uncompressed bytes. A token is opaque to others; it is
// printable, without blanks, and below 2,400 bytes (300 if no more than the five
// segments are there).
//
// There is a mark for each of the five newest segments, not only for the one
// that is written to: a writer may hold the old file open for a while after it
// has begun the new one (dnsmasq's TCP children do, for up to 150 s), and what
// it adds there is printed by the next poll. A segment leaves the token when
// five newer ones are there. What is written to it after that is not seen.
//
// A copy is not new, whatever its name and time: what logrotate's options copy
// and renamecopy make, what a backup puts beside the log. It begins like another
// segment, and ends like that one does at the same place. And a file that was
// there before is not new for being the only one that is left of what it copied.
//
// The lines are made durable (fdatasync) before Copy returns the cursor after
// them: or a power cut could leave a cursor that is ahead of its file. Where the
// end of a file is lost nevertheless, by a disk that lies or a backup that was
// played back, reading goes on at the end of what is good.
//
// What is not promised: bytes that were never in a file when we looked (what
// copytruncate loses between copy and truncate) cannot be known to be missing;
// and two segments of equal content are told apart under renaming, but not
// under copytruncate once the live file has grown past its copy again.
package logfile

import (
	"fmt"
	"io"
)

// A Log is a log file and its rotated copies.
type Log struct {
	Path    string
	OldDirs []string         // further folders that hold rotated copies
	Gap     func(msg string) // is told of lines that are lost

	// Reread says that the reader knows lines again which it has counted. So
	// where the place is lost at which to go on, more is printed rather than
	// less, after a line that says so (batch.Reread).
	Reread bool
}

// Copy writes to w the complete lines after the cursor, oldest first, and
// returns the cursor after them. No cursor ("") means everything that is
// retained, and so does one that leads nowhere, which is a gap. If there is an
// error, some lines may have been written, but there is no new cursor.
func (l *Log) Copy(w io.Writer, after string) (cursor string, err error) {
	var before past
	if after != "" {
		if before, err = parseToken(after); err != nil {
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
