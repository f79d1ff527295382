package ipaddr

const longest4 = len("255.255.255.255")

// Read4 reads the IPv4 address that b begins with: four numbers up to 255 without
// leading zeros, the one form there is. size is its length; 0 is no address.
// The caller checks the byte after it.
func Read4(b []byte) (ip [4]byte, size int) {
	n, from, v := 0, 0, uint(0) // numbers read; where the one being read begins, and it
	b = b[:min(len(b), longest4)]
	for size = 0; size < len(b); size++ {
		c := b[size]
		if d := uint(c - '0'); d <= 9 {
			if v = v*10 + d; v > 255 || v == d && size > from {
				return ip, 0
			}
			continue
		}
		if c != '.' || n == 3 {
			break
		}
		if size == from {
			return ip, 0
		}
		ip[n] = byte(v)
		n, from, v = n+1, size+1, 0
	}
	if n < 3 || size == from {
		return ip, 0
	}
	ip[3] = byte(v)
	return ip, size
}
