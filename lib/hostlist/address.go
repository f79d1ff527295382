package hostlist

import (
	"strconv"
	"strings"
)

const (
	digits   = "0123456789"
	letters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	nameRest = digits + letters + "._-"
)

// IsName reports whether a name can be that of a host: as a folder, and as an
// argument. It begins with a letter or a digit.
func IsName(s string) bool {
	return len(s) <= 128 && isWord(s, digits+letters)
}

// isWord reports whether s is a byte of first and then bytes of nameRest.
func isWord(s, first string) bool {
	return s != "" && strings.IndexByte(first, s[0]) >= 0 && strings.Trim(s, nameRest) == ""
}

// splitAddress reads [user@]host[:port].
func splitAddress(s string) (h Host, ok bool) {
	h.Addr = s
	if user, rest, found := strings.Cut(s, "@"); found {
		if !isWord(user, digits+letters+"_") {
			return Host{}, false
		}
		h.User, h.Addr = user, rest
	}
	if i := strings.LastIndexByte(h.Addr, ':'); i >= 0 && !strings.HasSuffix(h.Addr, "]") {
		h.Addr, h.Port = h.Addr[:i], h.Addr[i+1:]
		if !isPort(h.Port) {
			return Host{}, false
		}
	}
	return h, isAddr(h.Addr)
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s[0] != '0' && s[0] != '+'
}

func isAddr(s string) bool {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return ok && inner != "" && strings.Trim(inner, digits+"abcdefABCDEF:.") == ""
	}
	return isWord(s, digits+letters)
}
