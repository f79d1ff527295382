# shellcheck shell=sh
# Our own dnsmasq: configuration, start, and whether it answers and writes. Sourced.

dnsmasq_conf() {
	cat <<C
# Written by "egress-monitor enable" from $DEFAULTS; removed by "egress-monitor disable". Do not edit.
user=$RESOLVER
pid-file=
port=53
listen-address=$EGRESS_LISTEN
bind-interfaces
no-hosts
no-resolv
servers-file=$SERVERS
dns-loop-detect
cache-size=1000
dns-forward-max=1000
# Not stop-dns-rebind and not dnssec: with either, an upstream answer could write forged lines into the log.
log-queries=extra
# The canary; nothing else is answered from here.
address=/$CANARY_NAME/$CANARY_IP4
C
}

conf_ok() { [ -e "$ETC/dnsmasq.conf" ] && dnsmasq_conf | cmp -s - "$ETC/dnsmasq.conf" && env_conf | cmp -s - "$ETC/environment"; }

# What dnsmasq-start needs to know, in systemd's form.
env_conf() { printf 'EGRESS_DNSMASQ_LOG=%s\n' "$EGRESS_DNSMASQ_LOG"; }

conf_make() {
	mkdir -p "$ETC"
	dnsmasq_conf | put "$ETC/dnsmasq.conf"
	env_conf | put "$ETC/environment"
	# A folder that is not the default one needs a hole in the sandbox.
	if [ "$DNSMASQ_LOG_DIR" != /var/log/egress-monitor/dnsmasq ]; then
		mkdir -p "/etc/systemd/system/$DNSMASQ_UNIT.d"
		printf '[Service]\nReadWritePaths=-%s\n' "$DNSMASQ_LOG_DIR" | put "/etc/systemd/system/$DNSMASQ_UNIT.d/log.conf"
		systemctl daemon-reload
	fi
	restart_dnsmasq=yes
}

conf_undo() {
	rm -rf "$ETC"
	if [ -d "/etc/systemd/system/$DNSMASQ_UNIT.d" ]; then
		rm -rf "/etc/systemd/system/$DNSMASQ_UNIT.d"
		systemctl daemon-reload
	fi
}

dnsmasq_running() { [ -z "${restart_dnsmasq:-}" ] && systemctl is-active --quiet "$DNSMASQ_UNIT" && systemctl is-enabled --quiet "$DNSMASQ_UNIT"; }

dnsmasq_start() {
	systemctl --quiet enable "$DNSMASQ_UNIT"
	systemctl reset-failed "$DNSMASQ_UNIT" 2>/dev/null || :
	systemctl restart "$DNSMASQ_UNIT" || why_not_started
	restart_dnsmasq=
}

why_not_started() {
	journalctl -q --no-pager -o cat -n 5 -u "$DNSMASQ_UNIT" >&2 || :
	die "dnsmasq did not start"
}

# Who else holds port 53 on our address? Prints it.
port_holder() {
	command -v ss >/dev/null || return 1
	ss -Hlntup 'sport = :53' 2>/dev/null | awk -v a="$EGRESS_LISTEN" '
		$5 == a ":53" || ($1 == "tcp" && ($5 == "0.0.0.0:53" || $5 == "*:53")) { print $5, $7; found = 1; exit }
		END { exit !found }'
}

check_port() {
	if systemctl is-active --quiet "$DNSMASQ_UNIT"; then return 0; fi
	holder=$(port_holder) || return 0
	warn "$EGRESS_LISTEN:53 is taken: $holder"
	case $holder in
	"$EGRESS_LISTEN":*) die "set EGRESS_LISTEN to another loopback address in $DEFAULTS, or stop that program" ;;
	*) die "it listens on all addresses: have it listen on its own only (dnsmasq: listen-address= and bind-interfaces; unbound: interface:; named: listen-on), or stop it" ;;
	esac
}

# answers NAME [SERVER]: a question is answered (also "no such name") within two seconds, at the second try if not the first
answers() {
	dnsprobe --timeout=2s "${2:-$EGRESS_LISTEN}" "$1" >/dev/null 2>&1 9>&- ||
		dnsprobe --timeout=2s "${2:-$EGRESS_LISTEN}" "$1" >/dev/null 2>&1 9>&-
}

# The canary's answer must be ours: any dnsmasq could say "no such name".
canary_answers() { [ "$(dnsprobe --timeout=2s "$EGRESS_LISTEN" "$CANARY_NAME" 2>/dev/null 9>&-)" = "$CANARY_IP4" ]; }

# wait_for SECONDS COMMAND...: until it is true
wait_for() {
	end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$end" ] || return 1
		sleep 0.2
	done
}

# logged NAME SINCE: the log holds an A question for NAME that is not older than SINCE (seconds since 1970).
# Read as the poller: that shows that it can, and root opens nothing in dnsmasq's folder.
logged() {
	now=$(date +%s)
	t=$2
	patterns=
	while [ "$t" -le "$now" ]; do
		patterns="$patterns$(date -u -d "@$t" '+%b %e %H:%M:%S') dnsmasq
"
		t=$((t + 1))
	done
	as_poller timeout 10 tail -c 1000000 "$EGRESS_DNSMASQ_LOG" 2>/dev/null |
		grep -aF "query[A] $1 from " | grep -qaF "${patterns%?}"
}

canary_is_logged() {
	since=$(date +%s)
	canary_answers && wait_for 2 logged "$CANARY_NAME" "$since"
}

prove_dnsmasq() {
	wait_for 5 canary_answers || {
		journalctl -q --no-pager -o cat -n 5 -u "$DNSMASQ_UNIT" >&2 || :
		die "dnsmasq does not answer on $EGRESS_LISTEN"
	}
	canary_is_logged || die "dnsmasq does not log to $EGRESS_DNSMASQ_LOG"
	answers "$EGRESS_PROBE_NAME" || die "dnsmasq gets no answer for $EGRESS_PROBE_NAME from $(servers_text) (EGRESS_PROBE_NAME in $DEFAULTS is the name that is asked)"
}

servers_text() { sed -n 's/^server=\([^/]*\)$/\1/p' "$SERVERS" | tr '\n' ' ' | sed 's/ $//; s/^$/nobody/'; }
