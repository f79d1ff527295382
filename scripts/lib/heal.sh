# shellcheck shell=sh
# What root does each minute: put right what has gone wrong, and let the canary sing. Sourced.
# Everything said here goes to the journal, as egress-monitor's.

cmd_heal() {
	need_root heal
	enabled || exit 0
	load_settings
	lock -w 30 || die "heal: enable, disable or another heal is at work, for 30 seconds by now"
	enabled || exit 0
	heal "permissions of the folders" folders_ok folders_make
	heal_upstream
	heal_dnsmasq
	send_packet
	rotate
}

# sync: the name servers may have changed; called when resolv.conf files change
cmd_sync() {
	need_root sync
	enabled || exit 0
	load_settings
	lock -w 60
	enabled || exit 0
	heal_upstream
}

# heal WHAT TEST ACTION
heal() {
	if "$2"; then return 0; fi
	("$3") || :
	if "$2"; then warn "healed: $1"; else warn "cannot heal: $1"; fi
}

# What follows from the name servers of now: what dnsmasq asks, the rules, the way to dnsmasq
heal_upstream() {
	if upstream_refresh; then
		warn "upstream: dnsmasq now asks $(servers_text)"
		systemctl reload "$DNSMASQ_UNIT" || :
	fi
	# Rules first: they leave out the questions that the resolver asks beside dnsmasq from now on.
	[ "$EGRESS_RECOUNT" != yes ] || rules_ok || recount_due # the set has counted what nothing logged
	heal "firewall rules" rules_ok rules_make
	heal "the set that counts beside the rules" recount_ok recount_make
	[ -e "$ADMIN/bypassed" ] || heal "the resolver's way through dnsmasq" resolver_ok resolver_switch
}

# One question a minute is both: the liveness question and the canary.
heal_dnsmasq() {
	since=$(date +%s)
	if ! canary_answers && ! canary_answers; then
		# said once, however long it lasts
		[ -e "$ADMIN/bypassed" ] || warn "gap: dnsmasq did not answer; restarting it"
		# KILL: one that hangs does not hear TERM
		systemctl kill --signal=KILL "$DNSMASQ_UNIT" 2>/dev/null || :
		systemctl reset-failed "$DNSMASQ_UNIT" 2>/dev/null || :
		timeout 20 systemctl start "$DNSMASQ_UNIT" || :
		since=$(date +%s)
		wait_for 5 canary_answers || {
			bypass
			return 0
		}
	fi
	[ ! -e "$ADMIN/bypassed" ] || end_bypass
	if wait_for 1 logged "$CANARY_NAME" "$since"; then log_is_back; else heal_log; fi
}

# The folders have been put right before; now dnsmasq must open its log again. One that was started when it could not
# write there logs to the system's log until it is restarted.
heal_log() {
	if [ ! -e "$RUN/unlogged" ]; then
		warn "gap: dnsmasq does not write to $EGRESS_DNSMASQ_LOG"
		date +%s >"$RUN/unlogged"
	fi
	systemctl kill --kill-who=main --signal=USR2 "$DNSMASQ_UNIT" || :
	sleep 0.3
	if ! canary_is_logged && tr '\0' '\n' <"/proc/$(systemctl show -P MainPID "$DNSMASQ_UNIT")/cmdline" | grep -qx -- --log-facility=daemon; then
		systemctl restart "$DNSMASQ_UNIT" || :
		wait_for 5 canary_answers || :
	fi
	if canary_is_logged; then log_is_back; else warn "cannot heal: dnsmasq's log (is the disk full?)"; fi
}
# A gap is said when it begins; when it ends, how long it was. How many questions were lost nobody has counted.
log_is_back() {
	[ -e "$RUN/unlogged" ] || return 0
	warn "healed: dnsmasq's log; questions were missed from a minute before $(rfc3339 "$(cat "$RUN/unlogged")") until now"
	rm -f "$RUN/unlogged"
}

# dnsmasq cannot be brought to life: names matter more than the list of them. Each minute tries again.
bypass() {
	if [ ! -e "$ADMIN/bypassed" ]; then
		warn "gap: dnsmasq does not answer even after a restart; names go past it until it does"
		: >"$ADMIN/bypassed"
		resolver_undo || :
	fi
}
end_bypass() {
	rm -f "$ADMIN/bypassed"
	heal "dnsmasq; names go through it again" resolver_ok resolver_switch
}

# One datagram to the canary's address; the rule after the LOG rule drops it. Without that rule it is not sent.
send_packet() {
	! family_present iptables || ! family_ok iptables || dnsprobe --no-wait "$CANARY_IP4:9" "$CANARY_NAME" 2>/dev/null 9>&- ||
		{ family_present ip6tables && family_ok ip6tables && dnsprobe --no-wait "[$CANARY_IP6]:9" "$CANARY_NAME" 2>/dev/null 9>&-; } || :
}

# By size, each minute: what fills the disk does so between two days. The system's logrotate reads the same file; while
# that is at work it does it. With nothing to do this takes some milliseconds.
rotate() {
	[ "$(systemctl is-active logrotate.service)" != activating ] || return 0
	[ ! -e /etc/logrotate.d/egress-monitor ] || logrotate --state "$RUN/logrotate.state" /etc/logrotate.d/egress-monitor 9>&- || :
}

# poll domains|ips: what cron runs, with the journal as its output; root only to become the poller
cmd_poll() {
	need_root "poll $1"
	enabled || exit 0
	load_settings
	if [ "$1:$EGRESS_RECOUNT" != ips:yes ]; then
		become_poller "$EGRESS_LIB/egress-$1"
		return
	fi
	status=0
	said=$(become_poller "$EGRESS_LIB/egress-ips" 2>&1) || status=$?
	[ -z "$said" ] || printf '%s\n' "$said" >&2
	case $said in *gap*) recount_due ;; esac
	if [ -e "$RUN/recount.due" ]; then
		lock -w 50
		! enabled || recount_run || status=1
	fi
	return "$status"
}
