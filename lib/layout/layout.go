// Package layout holds the names and paths that the parts of egress-monitor on a
// server share. Those that an admin can change are in package settings.
package layout

// Files and folders.
const (
	Defaults      = "/etc/default/egress-monitor"   // the settings file, the admin's
	Etc           = "/etc/egress-monitor"           // dnsmasq's configuration; exists only while enabled
	Admin         = "/var/lib/egress-monitor-admin" // root's notes: what was changed, and how it was before; 0700
	Enabled       = Admin + "/enabled"              // holds since when; the last thing that enable makes
	Bypassed      = Admin + "/bypassed"             // exists while names go past dnsmasq
	Listeners     = Admin + "/listeners"            // whose questions to name servers are left out
	Gaps          = Admin + "/gaps"                 // what was lost, and when; bounded
	Truth         = Run + "/truth"                  // how the last minute went; for status and check
	Run           = "/run/egress-monitor"           // what is found out anew at each boot
	Lock          = Run + "/lock"                   // one of enable, disable, heal and sync at a time
	Servers       = Run + "/servers"                // dnsmasq's servers-file: server= lines
	ResolverFacts = Run + "/resolver"
	Lib           = "/usr/lib/egress-monitor"           // the two pipelines, and what units start
	Crontab       = "/etc/cron.d/egress-monitor"        // polls and heals each minute
	Rotation      = "/etc/logrotate.d/egress-monitor"   // logrotate's file for the query log
	Conf          = Etc + "/dnsmasq.conf"               // of our own dnsmasq
	DNSEnv        = Etc + "/environment"                // what dnsmasq-start needs to know, in systemd's form
	ResolvD       = "/etc/systemd/resolved.conf.d"      // systemd-resolved's drop-ins
	Dropin        = ResolvD + "/zz-egress-monitor.conf" // ours
	Rsyslog       = "/etc/rsyslog.d/10-egress-monitor.conf"
)

// Users. Their groups have the same names; the poller's first group is adm.
const (
	Poller   = "egress-monitor" // runs the two pipelines
	Resolver = "egress-dns"     // runs dnsmasq, and nothing else
	Readers  = "adm"            // the group that may read the two files
	Journal  = "systemd-journal"
)

// Units.
const (
	DNSUnit          = "egress-monitor-dnsmasq.service"
	RulesUnit        = "egress-monitor-rules.service"
	RulesAgainUnit   = "egress-monitor-rules-again.service" // pulled in by a firewall's start
	UpstreamPathUnit = "egress-monitor-upstream.path"
	UpstreamUnit     = "egress-monitor-upstream.service"
)

// Identifier is the SYSLOG_IDENTIFIER of our lines in the journal. Any program can use
// it; _UID and the unit show which lines are ours.
const Identifier = "egress-monitor"

// The firewall's parts.
const (
	Chain        = "EGRESS_MONITOR"
	ChainForward = "EGRESS_MONITOR_FWD"
	Table        = "egress_monitor" // of nft, family inet
)

// The canaries: names that our dnsmasq answers itself, and the documentation
// addresses that they, and nothing else, lead to. One name is asked of dnsmasq,
// the other of the system's resolver: systemd-resolved refuses .invalid by
// itself (RFC 6761, section 6.4) but forwards .test, and has it among its
// negative trust anchors. The checks' names are answered alike, but are never
// taken for canaries that were sent each minute.
const (
	CanaryName       = "canary.egress-monitor.invalid"
	SystemCanaryName = "canary.egress-monitor.test"
	CheckName        = "check." + CanaryName
	SystemCheckName  = "check." + SystemCanaryName
	CanaryIP4        = "203.0.113.255"
	CanaryIP6        = "2001:db8:ffff:ffff::255"
)
