# shellcheck shell=sh
# status and check. Sourced.
cmd_status() { die "not yet"; }
cmd_check() { die "not yet"; }
