package fleet

import "strings"

// Role returns what the names of the hosts of a role have in common. It writes
// a star for each number, and for each part that somebody drew at random: web1
// and web22 are web*, WIN-4T7QK2A is WIN-*, i-0ab12cd34ef is i-*.
func Role(host string) string {
	var b strings.Builder
	for len(host) > 0 {
		end := strings.IndexAny(host, "-._")
		if end < 0 {
			end = len(host)
		}
		if part := host[:end]; drawn(part) {
			b.WriteByte('*')
		} else {
			starNumbers(&b, part)
		}
		if end < len(host) {
			b.WriteByte(host[end])
			end++
		}
		host = host[end:]
	}
	return b.String()
}

// drawn reports whether a part of a name looks drawn at random: it is long, and
// letters and digits alternate in it.
func drawn(part string) bool {
	changes := 0
	for i := 1; i < len(part); i++ {
		changes += index(isDigit(part[i]) != isDigit(part[i-1]))
	}
	return len(part) >= 5 && changes >= 2
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func starNumbers(b *strings.Builder, part string) {
	digit := false
	for i := range len(part) {
		was := digit
		digit = isDigit(part[i])
		switch {
		case !digit:
			b.WriteByte(part[i])
		case !was:
			b.WriteByte('*')
		}
	}
}
