# shellcheck shell=sh
# Which servers dnsmasq asks: those the machine would ask without us. Sourced.
#
# systemd-resolved tells its links' servers and domains truthfully whether or not it has been pointed at dnsmasq, so they
# are read anew each time; its own configuration (DNS=, Domains=) is read without our drop-in. A domain of a link is
# asked of that link's servers, as systemd-resolved would. Without systemd-resolved it is resolv.conf as others wrote it.
# Our own address and systemd-resolved's stub are never among them: no loop.

RESOLVED_DROPIN=/etc/systemd/resolved.conf.d/zz-egress-monitor.conf
SERVERS=$RUN/servers             # for dnsmasq: server= lines
RESOLVER_FACTS=$RUN/resolver     # for the rules and the drop-in: "domain D", "port N", "tls STATE"

# Also while it is being restarted: that is no reason to take over /etc/resolv.conf.
has_resolved() {
	case $(systemctl is-active systemd-resolved.service) in active | activating | deactivating | reloading | refreshing) return 0 ;; esac
	return 1
}

# What there is to know, each line with a word in front that says where it is from. False if systemd-resolved, which
# runs, does not say.
upstream_facts() {
	if has_resolved; then
		resolved_config | sed 's/^/config /'
		for what in dns domain default-route dnsovertls; do
			lines=$(timeout 5 resolvectl --no-pager "$what" 9>&-) || return 1
			say "$lines" | sed "s/^/$what /"
		done
	fi
	foreign_resolv_conf | sed 's/^/resolv /'
}

# The configuration files of systemd-resolved, our own left out.
resolved_config() {
	systemd-analyze cat-config systemd/resolved.conf 2>/dev/null |
		awk -v ours="$RESOLVED_DROPIN" '/^# \/(etc|run|usr|lib)\/.*resolved\.conf/ { skip = ($2 == ours) } !skip && !/^[#;]/'
}

# From those facts: "server S", "route D S", "domain D" (a search domain), "domain ~D", "port N", "tls STATE".
upstream_plan() {
	awk -v ours="$EGRESS_LISTEN" '
	function add(list, x) { return index(" " list " ", " " x " ") ? list : list (list == "" ? "" : " ") x }
	# ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT, with %SCOPE and #NAME: what dnsmasq calls ADDRESS%SCOPE#PORT
	function server(s, link,   port, scope) {
		sub(/#.*/, "", s)
		if (match(s, /^\[[^]]*\](:[0-9]+)?/)) { port = s; sub(/^\[[^]]*\](%[^:]*)?:?/, "", port); scope = s; s = substr(s, 2, index(s, "]") - 2); if (scope !~ /\]%/) scope = ""; else { sub(/^[^]]*\]/, "", scope); sub(/:.*/, "", scope) } s = s scope }
		else if (s ~ /^[0-9.]+:[0-9]+$/) { port = s; sub(/.*:/, "", port); sub(/:.*/, "", s) }
		if (s ~ /^fe80:/) { sub(/%.*/, "", s); if (!(link in name)) return ""; s = s "%" name[link] }
		if (s !~ /^[0-9A-Fa-f.:]+(%[A-Za-z0-9._-]+)?$/) return ""
		if (s == ours || s == "127.0.0.53" || s == "127.0.0.54" || s == "0.0.0.0" || s == "::") return ""
		return (port == "" || port == 53) ? s : s "#" port
	}
	function domain(d,   t) {
		d = tolower(d); sub(/\.$/, "", d)
		if (d == "" || d == "~") return "~."
		t = d; sub(/^~/, "", t)
		return t ~ /^[a-z0-9_][a-z0-9._-]*$/ ? d : "" # not what a line of configuration could be made of
	}
	function servers(list, link,   n, i, a, s) { n = split(list, a, " "); for (i = 1; i <= n; i++) if ((s = server(a[i], link)) != "") dns[link] = add(dns[link], s) }
	function domains(list, link,   n, i, a, d) { n = split(list, a, " "); for (i = 1; i <= n; i++) if ((d = domain(a[i])) != "") dom[link] = add(dom[link], d) }

	$1 == "config" && match($0, /^config +(DNS|FallbackDNS|Domains|DNSOverTLS) *=/) {
		key = substr($0, 8, RLENGTH - 8); gsub(/ /, "", key); value = substr($0, RLENGTH + 1); gsub(/^ +| +$/, "", value)
		if (key == "DNSOverTLS") tls[0] = value
		else if (value == "") config[key] = ""
		else config[key] = config[key] " " value
	}
	$1 ~ /^(dns|domain|default-route|dnsovertls)$/ {
		what = $1; line = substr($0, length(what) + 2)
		if (line ~ /^Global/) { link = -1; sub(/^Global:?/, "", line) }
		else if (line ~ /^Link [0-9]+ \(/) {
			link = line; sub(/^Link /, "", link); sub(/ .*/, "", link)
			n = line; sub(/^Link [0-9]+ \(/, "", n); sub(/\):? ?.*/, "", n); name[link] = n
			sub(/^Link [0-9]+ \([^ ]*\):?/, "", line)
			if (!(link in seen)) { seen[link]; order[++links] = link }
		}
		if (link < 0) next # global: from the files, because ours is in force here
		if (what == "dns") servers(line, link)
		else if (what == "domain") domains(line, link)
		else { gsub(/ /, "", line); if (what == "default-route") route[link] = line; else tls[link] = line }
	}
	$1 == "resolv" && $2 == "nameserver" { servers($3, 0) }

	END {
		servers(config["DNS"], 0); domains(config["Domains"], 0); route[0] = "yes"; order[0] = 0
		# A link with servers and the domain "~." takes all; else all with servers and the default route do.
		for (i = 0; i <= links; i++) { l = order[i]; if (dns[l] != "" && index(" " dom[l] " ", " ~. ")) all = 1 }
		for (i = 0; i <= links; i++) {
			l = order[i]; if (dns[l] == "") continue
			if (all ? index(" " dom[l] " ", " ~. ") : route[l] != "no") main = main " " dns[l]
			if (l in tls && l > 0 && (tls[l] == "yes")) strict = 1
			n = split(dom[l], d, " ")
			for (j = 1; j <= n; j++) {
				if (l > 0) print "domain", d[j]
				bare = d[j]; sub(/^~/, "", bare)
				if (bare != ".") { m = split(dns[l], s, " "); for (k = 1; k <= m; k++) print "route", bare, s[k] }
			}
		}
		if (main == "") { servers(config["FallbackDNS"], "f"); main = dns["f"] }
		n = split(main, s, " ")
		for (i = 1; i <= n; i++) print "server", s[i]
		if (tls[0] ~ /^(yes|true|1|on)$/) strict = 1
		if (strict) print "tls strict"
	}' | awk '!seen[$0]++ { print } match($NF, /#[0-9]+$/) && ($1 == "server" || $1 == "route") { p = substr($NF, RSTART + 1); if (!port[p]++) print "port", p }'
}

# upstream_refresh: write what dnsmasq asks; true if that is something new. Keeps the old servers if there are none now:
# they do no harm, and an answer of systemd-resolved's that did not come must not cost the machine its names.
upstream_refresh() {
	mkdir -p "$RUN"
	facts=$(upstream_facts) || return 1
	plan=$(say "$facts" | upstream_plan)
	if ! printf '%s\n' "$plan" | grep -q '^server ' && [ -s "$SERVERS" ]; then return 1; fi
	printf '%s\n' "$plan" | grep -E '^(domain|port|tls) ' | sort -u | put_if_new "$RESOLVER_FACTS" || :
	printf '%s\n' "$plan" | awk '$1 == "server" { print "server=" $2 } $1 == "route" { print "server=/" $2 "/" $3 }' | put_if_new "$SERVERS"
}

# put_if_new FILE: like put; false, and FILE untouched, if it says the same already
put_if_new() {
	tmp=$1.$$
	cat >"$tmp"
	if cmp -s "$tmp" "$1"; then
		rm -f "$tmp"
		return 1
	fi
	mv -f "$tmp" "$1"
}

# Domains of links, as systemd-resolved spells them: routing domains begin with ~
link_domains() { sed -n 's/^domain //p' "$RESOLVER_FACTS" 2>/dev/null | tr '\n' ' ' | sed 's/ $//'; }
upstream_ports() { sed -n 's/^port //p' "$RESOLVER_FACTS" 2>/dev/null; }
upstream_wants_tls() { grep -qx 'tls strict' "$RESOLVER_FACTS" 2>/dev/null; }

# ExecStartPre of dnsmasq: no lock (enable holds it while it starts dnsmasq), and it never fails.
cmd_upstream() {
	need_root upstream
	load_settings
	upstream_refresh || :
	[ -e "$SERVERS" ] || : >"$SERVERS"
}
