# Sum a query log of dnsmasq with log-queries=extra, in one pass: what a good
# awk programmer would write for lines without surprises. Prints unsorted rows.
#
#	awk -v year=2026 -f sorted.awk -f dns.awk dnsmasq.log | LC_ALL=C sort
#
# Fields: Feb  7 20:00:01 dnsmasq[812]: 17 127.0.0.1/4711 query[A] www.example.org from 127.0.0.1
#         $1  $2 $3       $4            $5 $6             $7       $8              $9   $10
#
# A transaction is a pid and a serial. Those that may be open are in a ring, by
# the end of the serial, so that those that are over need not be deleted.
$9 == "is" {
	slot = $5 % 4096
	if (key[slot] != $4 $5)
		next
	if (type[slot] == "query[A]" ? $10 ~ /^[0-9.]+$/ : index($10, ":")) {
		name = asked[slot]
		if (!((name, $10) in seen)) {
			seen[name, $10]
			ips[name] = ips[name] "," $10
		}
	}
	next
}
$9 == "from" && $7 ~ /^query\[/ {
	name = tolower($8)
	count[name]++
	last[name] = substr($0, 1, 15) # the log's order is that of time
	slot = $5 % 4096
	if ($7 == "query[A]" || $7 == "query[AAAA]") {
		key[slot] = $4 $5
		type[slot] = $7
		asked[slot] = name
	} else
		key[slot] = ""
}
END {
	split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", months)
	for (i in months)
		month[months[i]] = i
	for (name in count)
		print name, count[name], rfc3339(last[name]), sorted(ips[name])
}

# rfc3339 turns "Feb  7 20:00:01" into 2026-02-07T20:00:01Z.
function rfc3339(t) {
	return sprintf("%d-%02d-%02dT%sZ", year, month[substr(t, 1, 3)], substr(t, 5, 2), substr(t, 8))
}
