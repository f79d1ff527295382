# Add the new lines of a query log to an aggregate. Prints unsorted rows.
#
#	awk -v year=2026 -v offset=N -v position=NEW -f sorted.awk -f poll.awk POSITION AGGREGATE -
#
# POSITION holds the offset in the log, and the last questions for addresses,
# which may be answered only now: "dnsmasq[812]: 17 query[A] www.example.org".
# The log is read as in dns.awk.
FNR == 1 {
	file++
}
file == 1 {
	if (FNR > 1)
		open($1, $2, $3, $4)
	next
}
file == 2 {
	count[$1] = $2
	last[$1] = $3
	ips[$1] = $4 == "-" ? "" : "," $4
	next
}
{
	offset += length($0) + 1
}
$9 == "is" {
	if (($4, $5) in asked && (type[$4, $5] == "query[A]" ? $10 ~ /^[0-9.]+$/ : index($10, ":"))) {
		name = asked[$4, $5]
		if (!index(ips[name] ",", "," $10 ",")) {
			ips[name] = ips[name] "," $10
			changed[name]
		}
	}
	next
}
$9 == "from" && $7 ~ /^query\[/ {
	name = tolower($8)
	count[name]++
	last[name] = rfc3339($1, $2, $3)
	if ($7 == "query[A]" || $7 == "query[AAAA]")
		open($4, $5, $7, name)
}
END {
	for (name in count)
		print name, count[name], last[name], name in changed ? sorted(ips[name]) : ips[name] == "" ? "-" : substr(ips[name], 2)
	print offset >position
	for (i = opened > 64 ? opened - 64 : 0; i < opened; i++)
		print line[i] >position
}

function open(pid, serial, kind, name) {
	asked[pid, serial] = name
	type[pid, serial] = kind
	line[opened++] = pid " " serial " " kind " " name
}

function rfc3339(mon, day, time,   m) {
	m = (index("JanFebMarAprMayJunJulAugSepOctNovDec", mon) + 2) / 3
	return year (m < 10 ? "-0" : "-") m (day < 10 ? "-0" : "-") day "T" time "Z"
}
