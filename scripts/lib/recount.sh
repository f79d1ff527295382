# shellcheck shell=sh
# EGRESS_RECOUNT=yes: a table of nftables counts the packets that the LOG rules log, beside them, so that what the kernel's
# log loses can be added. Sourced.
#
# Made and listed by root; everything in the poller's folders is done as the poller (egress-recount). The table carries a
# number in the name of a chain, and $RUN what it looked like: a table that somebody restored from a copy, with old
# counts, is not taken for ours. An error here can only make a recount smaller than what was lost, never larger:
# what the set leaves out, or forgets, is not added.

TABLE=egress_monitor
RECOUNT_SIZE=65536   # addresses of each family
RECOUNT_TRIES=5      # minutes to go on after the last one in which something was found

# recount_text NUMBER: the table. It leaves out what rules_text leaves out.
recount_text() {
	say "table inet $TABLE {"
	say "	set v4 { type ipv4_addr; size $RECOUNT_SIZE; flags dynamic,timeout; timeout 30d; }"
	say "	set v6 { type ipv6_addr; size $RECOUNT_SIZE; flags dynamic,timeout; timeout 30d; }"
	say "	chain note_$1 {"
	say "		meta nfproto ipv4 update @v4 { ip daddr counter }"
	say "		meta nfproto ipv6 update @v6 { ip6 daddr counter }"
	say "	}"
	say "	chain out {"
	say "		type filter hook output priority mangle + 1; policy accept;"
	say "		oifname \"lo\" return"
	say "		fib daddr type != unicast return"
	own_questions | while read -r uid port; do
		say "		meta l4proto { tcp, udp } th dport $port meta skuid $uid return"
	done
	say "		ct state new ct status ! confirmed jump note_$1"
	say "	}"
	if [ "$EGRESS_FORWARD" = yes ]; then
		say "	chain fwd {"
		say "		type filter hook forward priority mangle + 1; policy accept;"
		say "		fib daddr type != unicast return"
		for f in "iptables 4" "ip6tables 6"; do
			uplinks "${f% *}" | while read -r dev; do
				say "		meta nfproto ipv${f#* } oifname \"$dev\" ct state new ct status ! confirmed jump note_$1"
			done
		done
		say "	}"
	fi
	say "}"
}

# The table as the kernel has it, without what it has counted.
recount_in_kernel() { nft -t list table inet "$TABLE" 2>/dev/null; }

recount_ok() {
	if [ "$EGRESS_RECOUNT" != yes ]; then
		[ ! -e "$RUN/recount.made" ]
	else
		# Anew each four weeks: an address that was forgotten after 30 days would begin at 0.
		[ -e "$RUN/recount.wanted" ] && [ -z "$(find "$RUN/recount.wanted" -mtime +27)" ] &&
			recount_text "$(cat "$RUN/recount.made")" | cmp -s - "$RUN/recount.wanted" &&
			recount_in_kernel | cmp -s - "$RUN/recount.kernel"
	fi
}

# First what was counted until now is kept, then the table begins at 0. What is logged between the two is not recounted.
recount_make() {
	recount_drop || return 1
	[ "$EGRESS_RECOUNT" = yes ] || return 0
	id=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
	say "$id" >"$RUN/recount.made"
	journalctl --sync || return 1
	as_recounter --start || return 1
	recount_text "$id" >"$RUN/recount.new"
	nft -f "$RUN/recount.new" || return 1
	recount_in_kernel >"$RUN/recount.kernel"
	mv "$RUN/recount.new" "$RUN/recount.wanted"
}

# as_recounter [--start]: egress-recount, as the poller, with the settings it does not read by itself
as_recounter() {
	as_poller env EGRESS_LOG_DIR="$EGRESS_LOG_DIR" EGRESS_STATE_DIR="$EGRESS_STATE_DIR" \
		EGRESS_MAX_ROWS="$EGRESS_MAX_ROWS" EGRESS_MAX_IPS="$EGRESS_MAX_IPS" \
		EGRESS_JOURNALCTL="${EGRESS_JOURNALCTL:-journalctl}" timeout 120 "$EGRESS_LIB/egress-recount" "$@"
}

recount_drop() {
	rm -f "$RUN/recount.wanted" "$RUN/recount.kernel" "$RUN/recount.new"
	command -v nft >/dev/null || return 0
	! nft -t list table inet "$TABLE" >/dev/null 2>&1 || nft delete table inet "$TABLE" || return 1
	rm -f "$RUN/recount.made"
}

# recount_due: lines were lost; recount from now on, until nothing more is found
recount_due() { [ "$EGRESS_RECOUNT" != yes ] || say "$RECOUNT_TRIES" >"$RUN/recount.due"; }

# recount_run: if it is due. With the lock held: the table and what it is compared with must not change meanwhile.
# An address that is reached all the time has more lines in the journal by now than it had packets when the set was
# listed; what is missing is found in one of the next minutes.
recount_run() {
	[ "$EGRESS_RECOUNT" = yes ] && [ -e "$RUN/recount.due" ] && recount_ok || return 0
	left=$(cat "$RUN/recount.due")
	list=$ADMIN/recount.list # the folder is closed to others
	if ! { nft list table inet "$TABLE" >"$list" && journalctl --sync && said=$(as_recounter <"$list"); }; then
		rm -f "$list"
		warn "cannot recount; tried again in a minute"
		return 1
	fi
	full=$(grep -o 'counter packets' "$list" | wc -l)
	rm -f "$list"
	if [ -n "$said" ]; then
		say "$said" | tr -cd '\040-\176\n' >&2
		recount_due
	elif [ "$left" -gt 1 ]; then
		say $((left - 1)) >"$RUN/recount.due"
	else
		rm -f "$RUN/recount.due"
	fi
	if [ "$full" -ge "$RECOUNT_SIZE" ]; then
		warn "gap: more than $RECOUNT_SIZE addresses: what the log lost of others is not recounted; beginning anew"
		rm -f "$RUN/recount.wanted" # heal makes it
	fi
}

recount_undo() {
	[ -e "$RUN/recount.made" ] || return 0
	recount_run || :
	recount_drop || return 1
	rm -f "$EGRESS_STATE_DIR/ips.base" "$EGRESS_STATE_DIR/ips.base.new"
}
