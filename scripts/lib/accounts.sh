# shellcheck shell=sh
# Users, groups and folders. Sourced.
#
#   /var/log/egress-monitor           1775 root:egress-monitor   the poller may add and replace its own files, but
#                                                                 (sticky) never put something in dnsmasq/'s place
#   /var/log/egress-monitor/*.log     0640 egress-monitor:adm
#   /var/log/egress-monitor/dnsmasq   2750 egress-dns:adm        the query log, written by dnsmasq alone
#   /var/lib/egress-monitor           0750 egress-monitor        cursors and locks
#   /var/lib/egress-monitor-admin     0700 root

# Files that useradd and its kin change, and the copies they leave behind.
ACCOUNT_FILES="passwd group shadow gshadow subuid subgid"

accounts_ok() {
	getent passwd "$RESOLVER" >/dev/null && getent passwd "$POLLER" >/dev/null &&
		id -nG "$POLLER" | tr ' ' '\n' | grep -qx systemd-journal
}

accounts_make() {
	accounts_remember
	getent group "$POLLER" >/dev/null || {
		: >"$ADMIN/made-group.$POLLER"
		groupadd --system "$POLLER"
	}
	make_user "$RESOLVER" --user-group
	make_user "$POLLER" --gid adm --groups "$POLLER,systemd-journal"
}

# make_user NAME OPTION...: and note first that it is ours to remove
make_user() {
	if getent passwd "$1" >/dev/null; then return 0; fi
	: >"$ADMIN/made-user.$1"
	name=$1
	shift
	useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin \
		--comment "egress-monitor" "$@" "$name"
}

# useradd leaves a backup (passwd-) of its own; keep what was there, to put it back.
accounts_remember() {
	[ ! -d "$ADMIN/etc" ] || return 0
	rm -rf "${ADMIN:?}/etc.new"
	mkdir -m 700 "$ADMIN/etc.new"
	for f in $ACCOUNT_FILES; do
		for g in "$f" "$f-"; do
			[ ! -e "/etc/$g" ] || cp -a "/etc/$g" "$ADMIN/etc.new/$g"
		done
	done
	mv "$ADMIN/etc.new" "$ADMIN/etc"
}

# What useradd leaves behind when it is killed: FILE.PID, FILE.lock (holding a PID) and FILE+.
accounts_sweep() {
	for f in $ACCOUNT_FILES; do
		for g in "/etc/$f".[0-9]*; do
			[ ! -e "$g" ] || [ -d "/proc/${g##*.}" ] || rm -f "$g"
		done
		[ ! -e "/etc/$f.lock" ] || [ -d "/proc/$(tr -cd 0-9 <"/etc/$f.lock")" ] || rm -f "/etc/$f.lock"
		[ -e "/etc/$f.lock" ] || rm -f "/etc/$f+"
	done
}

accounts_undo() {
	accounts_sweep
	for f in "$ADMIN"/made-group.*; do
		[ -e "$f" ] || continue
		name=${f##*/made-group.}
		if getent group "$name" >/dev/null; then groupdel "$name" || continue; fi
		rm -f "$f"
	done
	for f in "$ADMIN"/made-user.*; do
		[ -e "$f" ] || continue
		name=${f##*/made-user.}
		if getent passwd "$name" >/dev/null; then
			end_processes "$name"
			userdel "$name" || continue
		fi
		rm -f "$f"
	done
	for f in $ACCOUNT_FILES; do account_backup_undo "$f"; done
	rm -rf "${ADMIN:?}/etc"
}

# Put FILE- back, if FILE is now what it was before: nobody else has changed accounts meanwhile.
account_backup_undo() {
	[ -e "$ADMIN/etc/$1" ] && cmp -s "/etc/$1" "$ADMIN/etc/$1" || return 0
	if [ -e "$ADMIN/etc/$1-" ]; then
		cmp -s "/etc/$1-" "$ADMIN/etc/$1-" || cp -a "$ADMIN/etc/$1-" "/etc/$1-"
	else
		rm -f "/etc/$1-"
	fi
}

# end_processes USER: the last of a user that is about to go
end_processes() {
	uid=$(id -u "$1")
	for signal in TERM KILL; do
		i=0
		while pids=$(ps -o pid= -u "$uid") && [ -n "$pids" ] && [ $i -lt 30 ]; do
			# shellcheck disable=SC2086 # a list
			kill -s "$signal" $pids 2>/dev/null || :
			sleep 0.1
			i=$((i + 1))
		done
	done
}

# is PATH "MODE OWNER:GROUP", and not a symbolic link
is() { [ ! -L "$1" ] && [ "$(stat -c '%a %U:%G' "$1" 2>/dev/null)" = "$2" ]; }

folders_ok() {
	is "$EGRESS_LOG_DIR" "1775 root:$POLLER" &&
		is "$DNSMASQ_LOG_DIR" "2750 $RESOLVER:adm" &&
		{ is "$EGRESS_DNSMASQ_LOG" "640 $RESOLVER:adm" || ! exists "$EGRESS_DNSMASQ_LOG"; } &&
		is "$EGRESS_STATE_DIR" "750 $POLLER:$POLLER"
}
exists() { [ -e "$1" ] || [ -L "$1" ]; }

# From the outside in: a folder is root's, closed to the poller, until what root puts inside is in place.
folders_make() {
	folder "$EGRESS_LOG_DIR" root:root 755
	folder "$DNSMASQ_LOG_DIR" root:root 700
	[ ! -L "$EGRESS_DNSMASQ_LOG" ] || rm -f "$EGRESS_DNSMASQ_LOG"
	for f in "$EGRESS_DNSMASQ_LOG"*; do
		! adopt "$f" "$RESOLVER:adm" || chmod 640 "$f"
	done
	chown "$RESOLVER:adm" "$DNSMASQ_LOG_DIR"
	chmod 2750 "$DNSMASQ_LOG_DIR"
	for f in "$EGRESS_LOG_DIR"/unique-*; do adopt "$f" "$POLLER:adm" || :; done
	chown "root:$POLLER" "$EGRESS_LOG_DIR"
	chmod 1775 "$EGRESS_LOG_DIR"
	folder "$EGRESS_STATE_DIR" root:root 700
	for f in "$EGRESS_STATE_DIR"/* "$EGRESS_STATE_DIR"/.[!.]*; do adopt "$f" "$POLLER:$POLLER" || :; done
	chown "$POLLER:$POLLER" "$EGRESS_STATE_DIR"
	chmod 750 "$EGRESS_STATE_DIR"
}

# folder PATH OWNER:GROUP MODE. The last part of PATH must not be a link; its parents are root's.
folder() {
	[ ! -L "$1" ] || die "$1 is a symbolic link; remove it"
	mkdir -p "$1"
	chown "$2" "$1"
	chmod "$3" "$1"
}

# adopt FILE OWNER:GROUP: give a plain file in a folder that only root can write to another owner.
# One with a second name elsewhere may be anybody's: it stays as it is.
adopt() {
	[ -f "$1" ] && [ ! -L "$1" ] && [ "$(stat -c %h "$1")" = 1 ] && chown -h "$2" "$1"
}

# The two files stay, root's, readable as before; so does the journal's cursor: the journal still holds the lines
# that were counted, and a later enable must not count them again. The query log is ours and read to its end.
folders_undo() { # [--purge]
	if [ "${1:-}" = --purge ]; then
		rm -rf --one-file-system "$EGRESS_LOG_DIR" "$EGRESS_STATE_DIR"
		return
	fi
	[ ! -d "$EGRESS_LOG_DIR" ] || [ -L "$EGRESS_LOG_DIR" ] || {
		chown root:adm "$EGRESS_LOG_DIR"
		chmod 750 "$EGRESS_LOG_DIR"
		for f in "$EGRESS_LOG_DIR"/unique-*; do adopt "$f" root:adm || :; done
	}
	[ ! -d "$EGRESS_STATE_DIR" ] || [ -L "$EGRESS_STATE_DIR" ] || {
		chown root:root "$EGRESS_STATE_DIR"
		chmod 700 "$EGRESS_STATE_DIR"
	}
	if [ -z "${unread:-}" ]; then
		rm -rf --one-file-system "$DNSMASQ_LOG_DIR"
		rm -f "$EGRESS_STATE_DIR/domains.cursor"
	fi
	# nothing was ever collected: leave nothing
	rmdir "$EGRESS_LOG_DIR" 2>/dev/null || :
	find "$EGRESS_STATE_DIR" -maxdepth 1 -type f -empty -delete 2>/dev/null || :
	rmdir "$EGRESS_STATE_DIR" 2>/dev/null || :
}
