# shellcheck shell=sh
# The machine's names go through our dnsmasq, and back again. Sourced.
#
# systemd-resolved, where it runs: a drop-in makes dnsmasq its global server for everything ("~."). The domains of links
# are repeated there: systemd-resolved asks all whose match is equally good, so names under them reach dnsmasq too (and
# are asked of the link's server a second time; the rules know that). Nothing of a link is changed.
# /etc/resolv.conf, where it is not one of systemd-resolved's: replaced by our own, with what else stood in it. Who
# writes it again (dhclient, NetworkManager) is read as news about the servers, and it is replaced again.

RESOLV_MARK="# By egress-monitor, in place of what \"egress-monitor disable\" puts back."

# --- systemd-resolved

resolved_dropin() {
	cat <<C
# Written by "egress-monitor enable", removed by "egress-monitor disable".
[Resolve]
DNS=
DNS=$EGRESS_LISTEN
Domains=$(domains_text)
Cache=no
DNSOverTLS=no
C
}
domains_text() { link_domains | tr ' ' '\n' | awk '$1 != "" && $1 != "~."' | awk 'BEGIN { printf "~." } { printf " %s", $1 }'; }

resolved_ok() { ! has_resolved || { [ -e "$RESOLVED_DROPIN" ] && resolved_dropin | cmp -s - "$RESOLVED_DROPIN" && resolved_in_force; }; }

# What systemd-resolved does, not what its files say.
resolved_in_force() { timeout 5 resolvectl --no-pager dns 9>&- | grep -qE "^Global:.* ${EGRESS_LISTEN}( |\$)"; }

resolved_switch() {
	dir=${RESOLVED_DROPIN%/*}
	[ -d "$dir" ] || {
		: >"$ADMIN/made-resolved-dir"
		mkdir -p "$dir"
	}
	: >"$ADMIN/switched-resolved"
	resolved_dropin | put "$RESOLVED_DROPIN"
	resolved_restart
}

# systemd refuses a sixth start within ten seconds, unless it is told to forget the others.
resolved_restart() {
	systemctl reset-failed systemd-resolved.service 2>/dev/null || :
	systemctl restart systemd-resolved.service
}

resolved_undo() {
	[ -e "$ADMIN/switched-resolved" ] || return 0
	rm -f "$RESOLVED_DROPIN" "$RESOLVED_DROPIN.new"
	if [ -e "$ADMIN/made-resolved-dir" ]; then rmdir "${RESOLVED_DROPIN%/*}" 2>/dev/null || :; fi
	if has_resolved; then resolved_restart || return 1; fi
	rm -f "$ADMIN/made-resolved-dir" "$ADMIN/switched-resolved"
}

# --- /etc/resolv.conf

resolv_conf_is_resolveds() {
	has_resolved || return 1
	case $(readlink -f /etc/resolv.conf) in
	/run/systemd/resolve/*resolv.conf | /usr/lib/systemd/resolv.conf | /lib/systemd/resolv.conf) return 0 ;;
	esac
	return 1
}
resolv_conf_is_ours() { [ ! -L /etc/resolv.conf ] && head -n 1 /etc/resolv.conf 2>/dev/null | grep -qxF "$RESOLV_MARK"; }

# What others say in resolv.conf: the file they wrote before ours, or where their link leads to.
foreign_resolv_conf() {
	if resolv_conf_is_ours; then
		if [ -L "$ADMIN/resolv.conf" ]; then
			(cd /etc && cat "$(readlink "$ADMIN/resolv.conf")") 2>/dev/null || :
		else
			cat "$ADMIN/resolv.conf" 2>/dev/null || :
		fi
	elif ! resolv_conf_is_resolveds; then
		cat /etc/resolv.conf 2>/dev/null || :
	fi
}

our_resolv_conf() {
	say "$RESOLV_MARK"
	say "nameserver $EGRESS_LISTEN"
	foreign_resolv_conf | grep -E '^(search|domain|options|sortlist)[[:space:]]' || :
}

resolv_conf_ok() { resolv_conf_is_resolveds || { resolv_conf_is_ours && our_resolv_conf | cmp -s - /etc/resolv.conf; }; }

resolv_conf_switch() {
	text=$(our_resolv_conf)
	# First the note, whole or not at all, then the change. A link is noted as a link.
	if ! resolv_conf_is_ours; then
		rm -f "$ADMIN/resolv.conf.new"
		if [ -e /etc/resolv.conf ] || [ -L /etc/resolv.conf ]; then
			cp -a /etc/resolv.conf "$ADMIN/resolv.conf.new"
			mv -fT "$ADMIN/resolv.conf.new" "$ADMIN/resolv.conf"
		else
			rm -f "$ADMIN/resolv.conf"
		fi
		: >"$ADMIN/switched-resolv.conf"
	fi
	printf '%s\n' "$text" >/etc/resolv.conf.egress-monitor
	mv -fT /etc/resolv.conf.egress-monitor /etc/resolv.conf
}

resolv_conf_undo() {
	[ -e "$ADMIN/switched-resolv.conf" ] || return 0
	rm -f /etc/resolv.conf.egress-monitor
	# Who wrote it after us is right.
	if resolv_conf_is_ours; then
		if [ -e "$ADMIN/resolv.conf" ] || [ -L "$ADMIN/resolv.conf" ]; then
			cp -a "$ADMIN/resolv.conf" /etc/resolv.conf.egress-monitor
			mv -fT /etc/resolv.conf.egress-monitor /etc/resolv.conf
		else
			rm -f /etc/resolv.conf
		fi
	fi
	rm -f "$ADMIN/resolv.conf" "$ADMIN/switched-resolv.conf"
}

# --- both

resolver_ok() { resolved_ok && resolv_conf_ok; }

resolver_switch() {
	resolved_ok || resolved_switch
	resolv_conf_ok || resolv_conf_switch
}

resolver_undo() {
	resolv_conf_undo
	resolved_undo
}

# The server that a program without systemd-resolved's own library would ask.
first_nameserver() { awk '$1 == "nameserver" { print $2; found = 1; exit } END { if (!found) print "127.0.0.1" }' /etc/resolv.conf; }

# The system's own way leads to an answer, and through dnsmasq.
prove_resolver() {
	find_loops
	since=$(date +%s)
	wait_for 10 answers "$EGRESS_PROBE_NAME" "$(first_nameserver)" ||
		die "names do not resolve through $(first_nameserver) any more$(loop_hint)"
	wait_for 3 logged "$EGRESS_PROBE_NAME" "$since" ||
		die "names resolve, but not through dnsmasq: $(first_nameserver) asks somebody else"
	if [ -n "${resolved_before:-}" ]; then
		resolves_by_libc || die "programs cannot resolve $EGRESS_PROBE_NAME any more (getent)"
	fi
}
# Another resolver of this machine, among the servers that dnsmasq asks, may itself ask who stands in resolv.conf: us.
# On a reload dnsmasq finds that out and leaves it out.
find_loops() {
	resolv_conf_is_ours && [ -n "$(loop_hint)" ] || return 0
	sleep 1
	systemctl reload "$DNSMASQ_UNIT"
	sleep 1
}
loop_hint() {
	! grep -q '^server=127\.' "$SERVERS" ||
		say "; does the resolver on $(sed -n 's/^server=\(127\..*\)/\1/p' "$SERVERS" | head -n 1) read /etc/resolv.conf? Give it servers of its own"
}

resolves_by_libc() { timeout 10 getent ahostsv4 "$EGRESS_PROBE_NAME" >/dev/null; }
