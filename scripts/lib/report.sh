# shellcheck shell=sh
# status and check. Sourced. Anybody may call them; what only root can see is left out for others.

CHECK_NAME=check.$CANARY_NAME # answered like the canary, but never taken for one that heal sent

# problem critical|warning|unknown TEXT
problem() {
	problems="$problems$1 $2
"
}

# survey: find out how things are
survey() {
	problems=
	since='' dns_active=no dns_answers=no dns_logs=unknown rules4=unknown rules6=unknown cron=no
	gaps='' recount=unknown
	rows_domains=0 bytes_domains=0 canary_domains=- poll_domains=- rows_ips=0 bytes_ips=0 canary_ips=- poll_ips=-
	rejected_domains=0 rejected_ips=0
	load_settings
	is_root=
	[ "$(id -u)" != 0 ] || is_root=yes
	if ! [ -d "$ETC" ]; then
		problem unknown "not enabled (egress-monitor enable)"
		return 0
	fi
	if [ -n "$is_root" ]; then
		if enabled; then since=$(cat "$ADMIN/enabled"); else problem unknown "an enable was interrupted (egress-monitor enable, or disable)"; fi
	fi
	survey_dnsmasq
	survey_rules
	if systemctl is-active --quiet cron.service; then cron=yes; else problem critical "cron does not run (systemctl start cron)"; fi
	survey_files
	survey_gaps
	survey_all_rejected
	survey_blindness
}

survey_dnsmasq() {
	started=$(date +%s)
	! systemctl is-active --quiet "$DNSMASQ_UNIT" || dns_active=yes
	[ "$(dnsprobe --timeout=2s "$EGRESS_LISTEN" "$CHECK_NAME" 2>/dev/null)" != "$CANARY_IP4" ] || dns_answers=yes
	if [ "$dns_active" = no ]; then
		problem critical "dnsmasq is down (systemctl status $DNSMASQ_UNIT)"
	elif [ "$dns_answers" = no ]; then
		problem critical "dnsmasq does not answer (systemctl restart $DNSMASQ_UNIT)"
	elif [ -n "$is_root" ]; then
		if wait_for 1 logged "$CHECK_NAME" "$started"; then dns_logs=yes; else
			dns_logs=no
			problem critical "dnsmasq does not write $EGRESS_DNSMASQ_LOG (is the disk full? heal reopens it each minute)"
		fi
	fi
	if [ -n "$is_root" ] && [ -e "$ADMIN/bypassed" ]; then
		problem critical "names go past dnsmasq, because it could not be brought back (journalctl -u $DNSMASQ_UNIT)"
	elif ! resolver_asks_us; then
		problem critical "the system's resolver does not ask dnsmasq (resolvectl dns; /etc/resolv.conf)"
	fi
}

resolver_asks_us() {
	if has_resolved; then resolved_in_force; else [ "$(first_nameserver)" = "$EGRESS_LISTEN" ]; fi
}

survey_rules() {
	[ -n "$is_root" ] || return 0
	rules4=$(rules_state iptables)
	rules6=$(rules_state ip6tables)
	for r in "IPv4 $rules4" "IPv6 $rules6"; do
		[ "${r#* }" != missing ] || problem critical "${r% *} firewall rules are missing (something flushed them; heal puts them back within a minute)"
	done
	if [ "$EGRESS_RECOUNT" != yes ]; then recount=no; elif recount_ok; then recount=yes; else
		recount=missing
		problem warning "the set that counts beside the rules is missing (heal makes it within a minute)"
	fi
}
rules_state() {
	if ! family_present "$1"; then say none; elif family_ok "$1"; then say present; else say missing; fi
}

# file_facts domains|ips KEYS FOLDED: "ROWS BYTES CANARY POLL", the last two times, or - for never, ? for not readable.
# If no row of KEYS is there, those of FOLDED stand for it. Their time may be of another row that was folded: an upper bound.
file_facts() {
	file=$EGRESS_LOG_DIR/unique-$1.log
	counts='0 0 -'
	if as_poller test -r "$file"; then
		# shellcheck disable=SC2016 # fields of awk
		counts=$(as_poller awk -v keys=" $2 " -v folded=" $3 " '
			index(keys, " " $1 " ") { if ($3 > t) t = $3 }
			index(folded, " " $1 " ") { if ($3 > wide) wide = $3 }
			{ size += length($0) + 1 }
			END { if (t == "") t = wide; print NR, size + 0, (t ~ /^[0-9TZ:-]+$/) ? t : "-" }' "$file")
	elif as_poller test -e "$file"; then
		counts='0 0 ?'
	fi
	poll=$(as_poller stat -c %Y "$EGRESS_STATE_DIR/$1.cursor" 2>/dev/null) || poll=
	say "$counts" "$(if [ -n "$poll" ]; then rfc3339 "$poll"; else say -; fi)"
}

survey_files() {
	read -r rows_domains bytes_domains canary_domains poll_domains <<F
$(file_facts domains "$CANARY_NAME" "$CANARY_NAME_IN")
F
	read -r rows_ips bytes_ips canary_ips poll_ips <<F
$(file_facts ips "$CANARY_IP4 $CANARY_IP6" "$CANARY_IP4_IN $CANARY_IP6_IN *")
F
}

# survey_rejected domains|ips: prints how many rows were taken out of the file because they were no records. Nobody looks
# at such a file but people: it is a warning for an hour.
survey_rejected() {
	aside=$EGRESS_LOG_DIR/unique-$1.log.rejected
	# shellcheck disable=SC2016 # the other shell's
	facts=$(as_poller sh -c 'test -f "$1" && test -r "$1" && stat -c %Y "$1" && wc -l <"$1"' - "$aside" 2>/dev/null) || facts='0
0'
	say "${facts#*
} ${facts%%
*}"
}
survey_all_rejected() {
	for what in domains ips; do
		read -r n when <<F
$(survey_rejected "$what")
F
		eval "rejected_$what=\$n"
		[ "$n" = 0 ] || [ $(($(date +%s) - when)) -ge 3600 ] ||
			problem warning "$n damaged row(s) of unique-$what.log were moved to unique-$what.log.rejected"
	done
}

rfc3339() { date -u -d "@$1" +%FT%TZ; }
# age TIME: seconds since; a time that is no time is very old
age() { say $(($(date +%s) - $(date -u -d "$1" +%s 2>/dev/null || say 0))); }

# What the pipelines and heal said of lost lines ("gap") and of such as they could not use ("skipped"). Only what came from root or the poller: anybody can use the tag.
survey_gaps() {
	gaps=$(journalctl -q --no-pager -a -o short-iso --utc --since=-7d SYSLOG_IDENTIFIER=egress-monitor _UID=0 + \
		SYSLOG_IDENTIFIER=egress-monitor _UID="$(id -u "$POLLER" 2>/dev/null || say 0)" 2>/dev/null |
		grep -aw -e gap -e skipped | sed 's/^\([^ ]*\) [^ ]* [^ ]*: /\1 /; s/+0000\|+00:00/Z/' | tr -cd '\040-\176\n' | tail -n 20) || :
	recent=$(printf '%s\n' "$gaps" | awk -v t="$(rfc3339 $(($(date +%s) - 3600)))" '$1 >= t { n++ } END { print n + 0 }')
	[ "$recent" = 0 ] || problem warning "$recent gap(s) in the last hour, the last: $(printf '%s\n' "$gaps" | tail -n 1 | cut -c 1-150)"
}

survey_blindness() {
	blind names "$canary_domains"
	blind addresses "$canary_ips"
}

blind() { # WORD TIME
	seen=$2
	if [ "$seen" = '?' ]; then
		problem unknown "$1: the file is not readable for $(id -un) (group adm may)"
		return 0
	elif [ "$seen" = - ]; then
		if [ -n "$since" ] && [ "$(age "$since")" -lt "$STALE" ]; then
			problem warning "$1: no canary yet; enabled $(age "$since") s ago"
			return 0
		fi
		seen=${since:-ever}
	elif [ "$(age "$seen")" -le "$STALE" ]; then
		return 0
	fi
	problem critical "$1: blind since $seen$(blind_why "$1")"
}

# Which part is broken, if nothing that was said before explains it.
blind_why() {
	case $problems in *critical*) return 0 ;; esac
	if [ "$1" = addresses ] && ! journalctl -q --no-pager -o cat --since=-3m _TRANSPORT=kernel SYSLOG_FACILITY=0 2>/dev/null | grep -q "DST=$CANARY_IP4 \|:0255 "; then
		say ": the kernel's lines do not reach the journal (journalctl -k; systemctl status systemd-journald)"
	else
		say ": polls do not commit (journalctl -t egress-monitor)"
	fi
}

# The worst of the problems: word and exit status
verdict() {
	case $problems in
	*critical\ *) say "CRITICAL 2" ;;
	*unknown\ *) say "UNKNOWN 3" ;;
	*warning\ *) say "WARNING 1" ;;
	*) say "OK 0" ;;
	esac
}

cmd_check() {
	survey
	v=$(verdict)
	if [ -z "$problems" ]; then
		text="names seen $(age "$canary_domains") s ago, addresses $(age "$canary_ips") s ago"
	else
		# the worst first
		text=$(printf '%s' "$problems" | awk '{ print index("critical unknown warning", $1), $0 }' | sort -s -n -k 1,1 |
			sed 's/^[0-9]* [a-z]* //' | awk '{ printf "%s%s", (NR > 1 ? "; " : ""), $0 }')
	fi
	say "EGRESS ${v% *} - $text | domains=$rows_domains ips=$rows_ips"
	exit "${v#* }"
}

cmd_status() { # [--json]
	survey
	if [ -n "$1" ]; then status_json; else status_text; fi
}

ago() { case $1 in [0-9]*) say "$1 ($(age "$1") s ago)" ;; *) say "$1" ;; esac; }

status_text() {
	v=$(verdict)
	if ! [ -d "$ETC" ]; then
		say "egress-monitor is off. To turn it on: egress-monitor enable"
		return 0
	fi
	say "egress-monitor is on${since:+ since $since}: ${v% *}"
	say
	row='%-12s %-45s %s\n'
	# shellcheck disable=SC2059 # one format for all rows
	{
		printf "$row" '' names addresses
		printf "$row" file "$EGRESS_LOG_DIR/unique-domains.log" "$EGRESS_LOG_DIR/unique-ips.log"
		printf "$row" rows "$rows_domains" "$rows_ips"
		printf "$row" bytes "$bytes_domains" "$bytes_ips"
		printf "$row" 'last poll' "$(ago "$poll_domains")" "$(ago "$poll_ips")"
		printf "$row" 'last canary' "$(ago "$canary_domains")" "$(ago "$canary_ips")"
		printf "$row" source "dnsmasq: answers $dns_answers, logs $dns_logs" "rules: IPv4 $rules4, IPv6 $rules6"
	}
	say
	say "resolver     -> dnsmasq $EGRESS_LISTEN -> $(servers_text)"
	[ -z "$(link_domains)" ] || say "             $(link_domains): also asked of the link's own server, beside dnsmasq"
	case $recount in
	yes) say "recount      a set counts beside the rules; what the kernel's log loses is added" ;;
	missing) say "recount      the set is missing" ;;
	esac
	if [ -n "$gaps" ]; then
		say "gaps         the last of 7 days (lines that were lost before they could be read):"
		printf '%s\n' "$gaps" | tail -n 5 | sed 's/^/             /'
	else
		say "gaps         none in 7 days"
	fi
	for r in "domains $rejected_domains" "ips $rejected_ips"; do
		[ "${r#* }" = 0 ] || say "rejected     ${r#* } damaged row(s), in $EGRESS_LOG_DIR/unique-${r% *}.log.rejected"
	done
	say
	if [ -n "$problems" ]; then printf '%s' "$problems" | sed 's/^\([a-z]*\) /\1: /'; else say "Nothing to do."; fi
	[ -n "$is_root" ] || say "(root sees more)"
}

# json_string: one line of standard input as a JSON string
json_string() { tr -cd '\040-\176' | sed 's/[\\"]/\\&/g; s/^/"/; s/$/"/' | grep . || printf '""'; }
# json_list: lines as a list of strings
json_list() { awk '{ gsub(/[^ -~]/, ""); gsub(/[\\"]/, "\\\\&"); printf "%s\"%s\"", (NR > 1 ? "," : ""), $0 }' | sed 's/^/[/; s/$/]/' | grep . || printf '[]'; }
or_null() { case $1 in '' | - | '?') printf null ;; *) printf '"%s"' "$1" ;; esac; }
yes_no() { case $1 in yes | present) printf true ;; no | missing) printf false ;; *) printf null ;; esac; }

json_file() { # domains|ips ROWS BYTES CANARY POLL REJECTED
	printf '{"file":"%s","rows":%s,"bytes":%s,"last_canary":%s,"last_poll":%s,"rejected":%s}' \
		"$EGRESS_LOG_DIR/unique-$1.log" "$2" "$3" "$(or_null "$4")" "$(or_null "$5")" "$6"
}

status_json() {
	v=$(verdict)
	on=false
	! [ -d "$ETC" ] || on=true
	cat <<J
{"enabled":$on,"since":$(or_null "$since"),"state":"${v% *}",
"problems":$(printf '%s' "$problems" | sed 's/^[a-z]* //' | json_list),
"domains":$(json_file domains "$rows_domains" "$bytes_domains" "$canary_domains" "$poll_domains" "$rejected_domains"),
"ips":$(json_file ips "$rows_ips" "$bytes_ips" "$canary_ips" "$poll_ips" "$rejected_ips"),
"dnsmasq":{"address":"$EGRESS_LISTEN","active":$(yes_no "$dns_active"),"answers":$(yes_no "$dns_answers"),"logs":$(yes_no "$dns_logs"),"upstream":$(sed -n 's/^server=\([^/]*\)$/\1/p' "$SERVERS" 2>/dev/null | json_list),"link_domains":$(link_domains | tr ' ' '\n' | json_list)},
"rules":{"iptables":$(yes_no "$rules4"),"ip6tables":$(yes_no "$rules6"),"recount":$(yes_no "$recount")},
"cron":$(yes_no "$cron"),
"gaps":$(if [ -n "$gaps" ]; then printf '%s\n' "$gaps"; fi | json_list)}
J
}
