# shellcheck shell=sh
# Names, settings and small things the other parts share. Sourced.
# shellcheck disable=SC2034 # used by the other parts

DEFAULTS=/etc/default/egress-monitor
ETC=/etc/egress-monitor                 # dnsmasq's configuration, only while enabled
ADMIN=/var/lib/egress-monitor-admin     # root's notes: what was changed, and how it was before
RUN=/run/egress-monitor                 # what is found out anew at each boot
POLLER=egress-monitor                   # user that polls
RESOLVER=egress-dns                     # user that dnsmasq runs as, and nothing else does
DNSMASQ_UNIT=egress-monitor-dnsmasq.service
UNITS="$DNSMASQ_UNIT egress-monitor-rules.service egress-monitor-upstream.path"
CHAIN=EGRESS_MONITOR
CHAIN_FORWARD=EGRESS_MONITOR_FWD
# The canary: a name dnsmasq answers itself, and the documentation addresses it (and nothing else) leads to.
CANARY_NAME=canary.egress-monitor.invalid
CANARY_IP4=203.0.113.255
CANARY_IP6=2001:db8:ffff:ffff::255
# The folded rows that may have taken them in.
CANARY_NAME_IN="*.egress-monitor.invalid *.invalid *"
CANARY_IP4_IN="203.0.113.0/24 203.0.0.0/16 203.0.0.0/8 0.0.0.0/0"
CANARY_IP6_IN="2001:db8:ffff:ffff::/64 2001:db8:ffff::/48 2001:db8::/32 2001::/16 ::/0"
STALE=300 # seconds after which a canary's row means blindness

say() { printf '%s\n' "$*"; }
warn() { printf 'egress-monitor: %s\n' "$*" >&2; }
die() {
	warn "$*"
	exit 1
}

need_root() { [ "$(id -u)" = 0 ] || die "$1: must be root"; }
enabled() { [ -e "$ADMIN/enabled" ]; }

# setting NAME DEFAULT: what the environment says, then the file, then the default.
setting() {
	eval "[ -n \"\${$1:-}\" ] || $1=\$2"
}

load_settings() {
	# The file is root's. Unlike for the pipelines, the caller's environment does not count here: what cron
	# does each minute must be what enable did.
	unset EGRESS_LOG_DIR EGRESS_STATE_DIR EGRESS_DNSMASQ_LOG EGRESS_PREFIX EGRESS_LISTEN EGRESS_FORWARD \
		EGRESS_PROBE_NAME EGRESS_ALLOW_PLAIN_DNS EGRESS_RECOUNT EGRESS_MAX_ROWS EGRESS_MAX_IPS
	# shellcheck source=/dev/null
	[ ! -r "$DEFAULTS" ] || . "$DEFAULTS"
	setting EGRESS_LOG_DIR /var/log/egress-monitor
	setting EGRESS_STATE_DIR /var/lib/egress-monitor
	setting EGRESS_DNSMASQ_LOG "$EGRESS_LOG_DIR/dnsmasq/dnsmasq.log"
	setting EGRESS_PREFIX 'EGRESS: '
	setting EGRESS_LISTEN 127.0.0.55
	setting EGRESS_FORWARD no
	setting EGRESS_PROBE_NAME example.com
	setting EGRESS_ALLOW_PLAIN_DNS no
	setting EGRESS_RECOUNT no
	setting EGRESS_MAX_ROWS 100000
	setting EGRESS_MAX_IPS 1000
	DNSMASQ_LOG_DIR=${EGRESS_DNSMASQ_LOG%/*}
}

check_settings() {
	case $EGRESS_LISTEN in
	127.0.0.53 | 127.0.0.54) die "$DEFAULTS: EGRESS_LISTEN=$EGRESS_LISTEN is systemd-resolved's own address" ;;
	*[!0-9.]*) die "$DEFAULTS: EGRESS_LISTEN=$EGRESS_LISTEN: not an IPv4 address" ;;
	127.*.*.*) ;;
	*) die "$DEFAULTS: EGRESS_LISTEN=$EGRESS_LISTEN: not a loopback address (127.x.y.z)" ;;
	esac
	case $EGRESS_PREFIX in
	*[!A-Za-z0-9_.:\ -]*) die "$DEFAULTS: EGRESS_PREFIX: only letters, digits, blank and _ . : -" ;;
	esac
	# The kernel keeps 29 bytes and cuts in silence; without a last blank the parser would find no word's end.
	[ ${#EGRESS_PREFIX} -le 29 ] || die "$DEFAULTS: EGRESS_PREFIX: longer than 29 bytes"
	case $EGRESS_FORWARD in yes | no) ;; *) die "$DEFAULTS: EGRESS_FORWARD=$EGRESS_FORWARD: yes or no" ;; esac
	case $EGRESS_RECOUNT in yes | no) ;; *) die "$DEFAULTS: EGRESS_RECOUNT=$EGRESS_RECOUNT: yes or no" ;; esac
	case $EGRESS_PROBE_NAME in *[!A-Za-z0-9._-]*) die "$DEFAULTS: EGRESS_PROBE_NAME: not a name" ;; esac
	for n in EGRESS_MAX_ROWS EGRESS_MAX_IPS; do
		eval "v=\$$n"
		# shellcheck disable=SC2154 # by eval
		case $v in *[!0-9]* | ??????????*) die "$DEFAULTS: $n=$v: not a number" ;; esac
	done
	[ "$EGRESS_MAX_IPS" != 1 ] || die "$DEFAULTS: EGRESS_MAX_IPS=1: at least 2, or 0"
	case $EGRESS_LOG_DIR:$EGRESS_STATE_DIR:$EGRESS_DNSMASQ_LOG in
	*[!A-Za-z0-9_./:-]*) die "$DEFAULTS: folders may only hold letters, digits and _ . / -" ;;
	/*:/*:/*) ;;
	*) die "$DEFAULTS: folders must be absolute" ;;
	esac
	[ "$DNSMASQ_LOG_DIR" != "$EGRESS_LOG_DIR" ] || die "$DEFAULTS: EGRESS_DNSMASQ_LOG needs a folder of its own"
}

# lock [flock options]: one of enable, disable, heal and sync at a time. /run/lock is everybody's; /run is not.
lock() {
	mkdir -p "$RUN"
	exec 9>"$RUN/lock"
	flock "$@" 9
}

# as_poller COMMAND...: run as the unprivileged user, so that nothing in the folders it can write to is opened by root.
as_poller() {
	if [ "$(id -u)" = 0 ]; then
		become_poller "$@" 9>&-
	else
		"$@"
	fi
}

# Our dnsmasq's times are UTC, whatever the settings say.
become_poller() {
	setpriv --reuid="$POLLER" --regid=adm --init-groups --no-new-privs --inh-caps=-all --bounding-set=-all \
		env -i PATH="$PATH" LC_ALL=C EGRESS_DNSMASQ_TZ=UTC "$@"
}

# put FILE: standard input becomes FILE, in one rename. Only for folders that are root's.
put() {
	cat >"$1.new"
	mv -f "$1.new" "$1"
}

# have COMMAND PACKAGE
have() { command -v "$1" >/dev/null || die "$1 is missing (apt-get install $2)"; }

cmd_version() { dnsprobe --version | sed 's/^dnsprobe/egress-monitor/'; }
