package union

import "bytes"

// pass returns a function that tells how many bytes of sorted lines of our own
// can be copied without parsing: up to the first row that may be folded, or may
// have too many addresses. It counts those rows.
func (u *Union) pass(rows *int) func(lines []byte) int {
	return func(lines []byte) int {
		end := len(lines)
		if i := bytes.IndexByte(lines, '/'); i >= 0 {
			end = bytes.LastIndexByte(lines[:i], '\n') + 1
		}
		if end > 0 && lines[0] == '*' {
			end = 0
		}
		if i := bytes.Index(lines[:end], []byte("\n*")); i >= 0 {
			end = i + 1
		}
		end = short(lines[:end], u.maxIPs()*shortestIP)
		*rows += bytes.Count(lines[:end], []byte{'\n'})
		return end
	}
}

// short returns the length of the lines before the first one of more than most
// bytes.
func short(lines []byte, most int) int {
	for from := 0; from < len(lines); {
		window := lines[from:min(len(lines), from+most)]
		n := bytes.LastIndexByte(window, '\n') + 1
		if n == 0 {
			return from
		}
		from += n
	}
	return len(lines)
}
