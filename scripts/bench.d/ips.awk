# Sum the LOG lines of iptables in what journalctl -o short-unix prints. Prints
# unsorted rows.
#
#	awk -f ips.awk kernel.log | LC_ALL=C sort
#
# Fields: 1770494401.123456 host kernel: EGRESS: IN= OUT=eth0 SRC=… DST=… LEN=…
#         $1                $2   $3      $4      $5  $6       $7    $8    $9
$4 == "EGRESS:" && $3 == "kernel:" && $8 ~ /^DST=/ {
	count[$8]++
	last[$8] = $1 # the journal's order is that of time
}
END {
	for (dst in count)
		print short(substr(dst, 5)), count[dst], strftime("%Y-%m-%dT%H:%M:%SZ", int(last[dst]), 1)
}

# short writes an address as RFC 5952 wants it: the kernel prints eight groups
# of four digits.
function short(ip,   n, g, i, run, best, at, s) {
	if (!index(ip, ":"))
		return ip
	n = split(ip, g, ":")
	for (i = 1; i <= n; i++) {
		sub(/^0+/, "", g[i])
		run = g[i] == "" ? run + 1 : 0
		if (run > best) {
			best = run
			at = i - run + 1
		}
	}
	for (i = 1; i <= n; i++) {
		if (best > 1 && i == at) {
			s = s "::"
			i += best - 1
		} else
			s = s (s == "" || s ~ /::$/ ? "" : ":") (g[i] == "" ? "0" : g[i])
	}
	return s
}
