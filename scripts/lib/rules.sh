# shellcheck shell=sh
# The LOG rules. Sourced.
#
# Own chains in table mangle, which filter firewalls leave alone, jumped to first. One iptables-restore makes or replaces
# a family's chains and jumps at once. What iptables-save then shows is kept; while it shows the same, nothing is done.

FAMILIES="iptables ip6tables"

family_present() { command -v "$1-restore" >/dev/null && "$1" -w -t mangle -S OUTPUT >/dev/null 2>&1; }

# rules_text FAMILY: the chains, as iptables-restore reads them
rules_text() {
	case $1 in iptables) canary=$CANARY_IP4/32 ;; *) canary=$CANARY_IP6/128 ;; esac
	log="-m conntrack --ctstate NEW ! --ctstatus CONFIRMED -j LOG --log-prefix \"$EGRESS_PREFIX\" --log-level debug"
	say "-A $CHAIN -o lo -j RETURN"
	say "-A $CHAIN -m addrtype ! --dst-type UNICAST -j RETURN"
	own_questions | while read -r uid port; do
		for proto in udp tcp; do
			say "-A $CHAIN -p $proto -m $proto --dport $port -m owner --uid-owner $uid -j RETURN"
		done
	done
	say "-A $CHAIN $log"
	say "-A $CHAIN -d $canary -j DROP"
	if [ "$EGRESS_FORWARD" = yes ]; then
		say "-A $CHAIN_FORWARD -m addrtype ! --dst-type UNICAST -j RETURN"
		uplinks "$1" | while read -r dev; do say "-A $CHAIN_FORWARD -o $dev $log"; done
	fi
}

# Upstream questions of the resolver itself, "UID PORT": dnsmasq's, and those systemd-resolved asks a link's own
# servers beside it. That a name of a link's domain went to both is no way round dnsmasq.
own_questions() {
	for port in 53 $(upstream_ports); do
		say "$(id -u "$RESOLVER") $port"
		if [ -n "$(link_domains)" ] && id -u systemd-resolve >/dev/null 2>&1; then say "$(id -u systemd-resolve) $port"; fi
	done
}

# Devices that lead out: what is forwarded to them leaves the machine.
uplinks() {
	case $1 in iptables) v=-4 ;; *) v=-6 ;; esac
	ip "$v" -o route show default 2>/dev/null | awk '{ for (i = 1; i < NF; i++) if ($i == "dev") print $(i + 1) }' | sort -u
}

# Our part of what the kernel has: chains, rules, and the jumps with their position.
rules_in_kernel() {
	"$1-save" -t mangle 2>/dev/null | awk -v a="$CHAIN" -v b="$CHAIN_FORWARD" '
		$1 == "-A" && ($2 == "OUTPUT" || $2 == "FORWARD") { n[$2]++; if ($NF == a || $NF == b) print n[$2], $0 }
		$1 == "-A" && ($2 == a || $2 == b)
		$1 == ":" a || $1 == ":" b { print $1 }'
}

rules_ok() {
	for family in $FAMILIES; do
		! family_present "$family" || family_ok "$family" || return 1
	done
}

family_ok() {
	[ -e "$RUN/$1.wanted" ] && rules_text "$1" | cmp -s - "$RUN/$1.wanted" &&
		rules_in_kernel "$1" | cmp -s - "$RUN/$1.kernel"
}

rules_make() {
	mkdir -p "$RUN"
	for family in $FAMILIES; do
		if family_present "$family" && ! family_ok "$family"; then family_make "$family"; fi
	done
}

family_make() {
	note_table "$1"
	rm -f "$RUN/$1.wanted" "$RUN/$1.kernel"
	rules_text "$1" >"$RUN/$1.new"
	{
		say '*mangle'
		rules_in_kernel "$1" | sed -n 's/^[0-9]* -A/-D/p'
		say ":$CHAIN - [0:0]"
		[ "$EGRESS_FORWARD" != yes ] || say ":$CHAIN_FORWARD - [0:0]"
		cat "$RUN/$1.new"
		say "-I OUTPUT 1 -j $CHAIN"
		if [ "$EGRESS_FORWARD" = yes ]; then
			say "-I FORWARD 1 -j $CHAIN_FORWARD"
		elif rules_in_kernel "$1" | grep -qx ":$CHAIN_FORWARD"; then
			say "-F $CHAIN_FORWARD"
			say "-X $CHAIN_FORWARD"
		fi
		say COMMIT
	} | "$1-restore" -w 5 --noflush
	rules_in_kernel "$1" >"$RUN/$1.kernel"
	mv "$RUN/$1.new" "$RUN/$1.wanted"
}

# note_table FAMILY: whether this boot had the table before us
note_table() {
	[ ! -e "$RUN/$1.table" ] || return 0
	if "$1-save" 2>/dev/null | grep -q '^\*mangle'; then t=there; else t=new; fi
	if command -v nft >/dev/null; then
		case $1 in iptables) f=ip ;; *) f=ip6 ;; esac
		for c in OUTPUT FORWARD; do
			! nft list chain "$f" mangle "$c" >/dev/null 2>&1 || t="$t $c"
		done
	fi
	say "$t" >"$RUN/$1.table"
}

rules_undo() {
	for family in $FAMILIES; do
		family_present "$family" || continue
		found=$(rules_in_kernel "$family")
		[ -z "$found" ] || {
			say '*mangle'
			say "$found" | sed -n 's/^[0-9]* -A/-D/p'
			for c in $CHAIN $CHAIN_FORWARD; do
				case "
$found
" in *"
:$c
"*)
					say "-F $c"
					say "-X $c"
					;;
				esac
			done
			say COMMIT
		} | "$family-restore" -w 5 --noflush || return 1
		table_undo "$family"
		rm -f "$RUN/$family.wanted" "$RUN/$family.kernel" "$RUN/$family.table"
	done
}

# table_undo FAMILY: a table (or a built-in chain) that was not there before us and holds nothing goes too.
table_undo() {
	[ -e "$RUN/$1.table" ] && command -v nft >/dev/null || return 0
	read -r had chains <"$RUN/$1.table"
	case $1 in iptables) f=ip ;; *) f=ip6 ;; esac
	nft list table "$f" mangle >/dev/null 2>&1 || return 0
	for c in OUTPUT FORWARD; do
		case " $chains " in *" $c "*) continue ;; esac
		listed=$(nft list chain "$f" mangle "$c" 2>/dev/null) || continue
		# deleting a chain would delete its rules: only one that is empty, and accepts
		[ "$(say "$listed" | grep -cv '^table \|^	chain \|policy accept;\|^	*}$\|^#')" != 0 ] || nft delete chain "$f" mangle "$c"
	done
	if [ "$had" = new ] && ! nft list table "$f" mangle | grep -q chain; then nft delete table "$f" mangle; fi
}

# At boot, before the network. Whoever holds the lock makes the rules as well: no waiting.
cmd_rules() {
	need_root rules
	enabled || exit 0
	load_settings
	lock -n || exit 0
	rules_make
}
