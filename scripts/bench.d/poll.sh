#!/bin/sh
# One poll of a query log by shell and awk, for comparison: reads the lines after
# the stored position, adds them to the aggregate, and replaces the aggregate and
# the position by renames. It knows nothing of rotation, crashes and hostile names.
#
#	poll.sh AWK LOG DIR    with DIR/aggregate and DIR/position
set -eu
awk=$1 log=$2 dir=$3
here=${0%/*}
exec 9>>"$dir/lock"
flock -n 9 || exit 0
read -r offset <"$dir/position"
tail -c +$((offset + 1)) "$log" |
	"$awk" -v year=2026 -v offset="$offset" -v position="$dir/new/position" \
		-f "$here/sorted.awk" -f "$here/poll.awk" "$dir/position" "$dir/aggregate" - |
	LC_ALL=C sort >"$dir/new/aggregate"
mv -f "$dir/new/aggregate" "$dir/new/position" "$dir"
