package fleet

import "strings"

// Role is what the hosts of a role have in common: it writes a star for each number in a name.
func Role(host string) string {
	var b strings.Builder
	digit := false
	for _, c := range host {
		isDigit := '0' <= c && c <= '9'
		if isDigit && !digit {
			b.WriteByte('*')
		}
		if !isDigit {
			b.WriteRune(c)
		}
		digit = isDigit
	}
	return b.String()
}
