# shellcheck shell=sh
# enable and disable. Sourced.
#
# What must be undone is noted under $ADMIN before it is done, and undoing what was not done does nothing: an enable that
# fails or is interrupted rolls back by the same steps as disable, and so does a disable after a kill -9.

# step TEXT TEST ACTION: one line for each thing; nothing is done that is so already
step() {
	if "$2"; then
		say "  ok     $1"
	elif [ -n "$dry" ]; then
		say "  would  $1"
	else
		say "  do     $1"
		"$3"
	fi
}

cmd_enable() { # [--dry-run]
	need_root enable
	dry=${1:-}
	load_settings
	lock -w 60 || die "another egress-monitor is at work"
	# Until something is changed nothing is left behind. (The shell runs no EXIT trap on a signal that has none.)
	trap '[ -d "$ADMIN" ] || rm -rf "$RUN"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	preflight
	[ -z "$dry" ] || say "egress-monitor enable would do this:"
	[ -n "$dry" ] || begin
	step "users $POLLER (polls) and $RESOLVER (runs dnsmasq)" accounts_ok accounts_make
	step "folders $EGRESS_LOG_DIR and $EGRESS_STATE_DIR" folders_ok folders_make
	step "configuration $ETC/dnsmasq.conf" conf_ok conf_make
	step "dnsmasq on $EGRESS_LISTEN, asking $(servers_text)" dnsmasq_running dnsmasq_start
	step "dnsmasq answers, upstream as well, and logs" never_in_dry_run prove_dnsmasq
	step "the system's resolver asks dnsmasq" resolver_ok resolver_switch
	step "names still resolve, and through dnsmasq" never_in_dry_run prove_resolver
	step "the kernel's log is read from here on" cursor_ok cursor_make
	step "firewall: new connections are logged (IPv4$(! family_present ip6tables || echo ', IPv6')$([ "$EGRESS_FORWARD" = no ] || echo ', forwarded'))" rules_ok rules_make
	if [ "$EGRESS_RECOUNT" = yes ]; then
		step "firewall: a set counts them as well" recount_ok recount_make
	elif ! recount_ok; then
		step "firewall: no set counts them any more" recount_ok recount_make
	fi
	step "units that keep rules and name servers right" units_ok units_make
	step "cron polls, heals and rotates each minute" enabled enabled_make
	[ -z "$dry" ] || exit 0
	trap - EXIT
	first_round
	say "egress-monitor is on. In a minute: egress-monitor status"
}

never_in_dry_run() { return 1; }

preflight() {
	[ -d /run/systemd/system ] || die "this machine does not run systemd"
	have dnsmasq dnsmasq-base
	have iptables-restore iptables
	have logrotate logrotate
	have useradd passwd
	have flock util-linux
	[ "$EGRESS_RECOUNT" != yes ] || have nft nftables
	have dnsprobe "the egress-monitor package, or make install"
	[ -x /etc/init.d/cron ] || systemctl cat cron.service >/dev/null 2>&1 || die "cron is missing (apt-get install cron)"
	check_settings
	check_port
	mkdir -p "$RUN"
	upstream_refresh || :
	[ -s "$SERVERS" ] || die "found no name server that dnsmasq could ask (resolvectl dns; /etc/resolv.conf)"
	! upstream_wants_tls || [ "$EGRESS_ALLOW_PLAIN_DNS" = yes ] ||
		die "systemd-resolved is set to DNSOverTLS=yes, and dnsmasq cannot do that: questions would leave in clear text. EGRESS_ALLOW_PLAIN_DNS=yes in $DEFAULTS accepts it"
	resolved_before=
	# shellcheck disable=SC2034 # for prove_resolver
	! resolves_by_libc || resolved_before=yes
}

# From here on a failure, whatever it is, undoes everything.
begin() {
	trap roll_back EXIT
	mkdir -p "$ADMIN"
	chmod 700 "$ADMIN"
}

roll_back() {
	status=$?
	trap - EXIT
	trap '' INT TERM HUP
	set +e
	warn "enable failed; putting everything back"
	undo_all ''
	exit "$status"
}

units_ok() {
	for u in $UNITS; do
		systemctl is-enabled --quiet "$u" && systemctl is-active --quiet "$u" || return 1
	done
}
units_make() {
	# shellcheck disable=SC2086 # a list
	systemctl --quiet enable $UNITS
	# Not started: its ConditionPathExists asks for the mark that comes last. The rules are there.
	systemctl start egress-monitor-upstream.path
}

# The journal may still hold connections that were counted before a disable --purge. Those of before the rules are not
# this enable's; with a cursor nothing is skipped.
cursor_ok() { as_poller test -e "$EGRESS_STATE_DIR/ips.cursor" || [ -n "$(rules_in_kernel iptables)" ]; }
cursor_make() {
	last=$(journalctl -q --no-pager -o cat -n 1 --show-cursor _TRANSPORT=kernel SYSLOG_FACILITY=0 | tail -n 1 |
		grep -xE -e '-- cursor: s=[0-9a-f]{32};i=[0-9a-f]+;b=[0-9a-f]{32};m=[0-9a-f]+;t=[0-9a-f]+;x=[0-9a-f]+') || return 0
	# shellcheck disable=SC2016 # $1 is the other shell's
	say "$last" | as_poller sh -c 'umask 027; cat >"$1.new" && mv "$1.new" "$1"' - "$EGRESS_STATE_DIR/ips.cursor"
}

enabled_make() {
	# What was written must survive a power cut before the mark does.
	sync -f /etc "$ADMIN"
	date -u +%FT%TZ | put "$ADMIN/enabled"
	sync -f "$ADMIN"
	rm -f "$ADMIN/bypassed"
	systemctl start egress-monitor-rules.service
	[ -d /var/log/journal ] || warn "the journal is not kept over a reboot: connections of the last minute before one are lost (mkdir /var/log/journal)"
	systemctl is-active --quiet cron.service || warn "cron does not run: nothing will be polled (systemctl start cron)"
}

# The first canary and the first poll, so that status has something to say. What fails here fails each minute, and says so.
first_round() {
	send_packet
	poll_now || warn "the first poll failed; cron tries again each minute (journalctl -t egress-monitor)"
}
poll_now() {
	journalctl --sync 2>/dev/null || :
	for p in domains ips; do
		[ -x "$EGRESS_LIB/egress-$p" ] || return 1
		as_poller timeout 120 "$EGRESS_LIB/egress-$p" || return 1
	done
}

cmd_disable() { # [--purge]
	need_root disable
	load_settings
	lock -w 90 || die "another egress-monitor is at work"
	if [ ! -d "$ADMIN" ] && [ -z "$1" ]; then
		rm -rf "$RUN"
		say "egress-monitor is off."
		return
	fi
	trap '' HUP
	set +e
	undo_all "$1"
	failed=$?
	[ "$failed" = 0 ] || die "not all could be put back; see above, then repeat: egress-monitor disable"
	say "egress-monitor is off.$([ -n "$1" ] || ! [ -d "$EGRESS_LOG_DIR" ] || echo " The two files stay in $EGRESS_LOG_DIR.")"
}

# undo_all [--purge]: what enable did, in the order that keeps names resolving; a step that fails does not stop the rest
undo_all() {
	bad=0
	undo_step() {
		text=$1
		shift
		say "  undo   $text"
		"$@" || {
			warn "failed: $text"
			bad=1
		}
	}
	was_enabled=
	! enabled || was_enabled=yes
	rm -f "$ADMIN/enabled"
	undo_step "the system's resolver as before" resolver_undo
	undo_step "units and dnsmasq" units_undo
	[ ! -e "$RUN/recount.made" ] || undo_step "the set that counts beside the rules" recount_undo
	undo_step "firewall rules" rules_undo
	unread=
	[ -z "$was_enabled" ] || undo_step "read what is still unread" last_poll
	undo_step "configuration" conf_undo
	undo_step "folders" folders_undo "$1"
	undo_step "users" accounts_undo
	[ "$bad" = 0 ] || return 1
	sync -f /etc
	rm -rf "$ADMIN" "$RUN"
}

units_undo() {
	# shellcheck disable=SC2086 # a list
	systemctl --quiet disable $UNITS 2>/dev/null
	# shellcheck disable=SC2086
	systemctl stop $UNITS egress-monitor-upstream.service 2>/dev/null
	# shellcheck disable=SC2086
	systemctl reset-failed $UNITS 2>/dev/null
	! systemctl is-active --quiet "$DNSMASQ_UNIT"
}

# If it fails, the query log and its cursor stay for the next enable.
last_poll() {
	poll_now || {
		# shellcheck disable=SC2034 # for folders_undo
		unread=yes
		warn "the last poll failed; the query log stays in $DNSMASQ_LOG_DIR"
	}
}
