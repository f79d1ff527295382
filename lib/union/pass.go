package union

import "bytes"

// pass returns how much of sorted lines of our own goes on without a look at each
// row, and counts the rows: up to the first that may be folded, or may have too
// many addresses.
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

// short returns how much of lines there is before one of more than most bytes.
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
