// Package carrier takes a log line off its carrier: the parts that syslog daemons,
// journalctl, dmesg, containers and grep put in front of a message. It returns
// the time, the host, the program and the process, as far as the line names them.
//
// A line is, with everything but the message optional:
//
//	wrapper PRI stamp facility host facility tag "[" pid "]: " message
//
// The forms, and the programs that print them:
//
//	<4>Nov 23 08:05:00 gw kernel: MESSAGE                     RFC 3164 §4; with PRI over the network only
//	<4>1 2026-11-23T08:05:00Z gw kernel - - [a@1 b="c"] MSG   RFC 5424 §6; RFC 6587 §3.4.1 puts its length in front
//	2026-11-23T08:05:00.979955+00:00 gw kernel: MESSAGE       rsyslog's RSYSLOG_FileFormat (tools/syslogd.c)
//	Nov 23 08:05:00 gw kern.warn kernel: MESSAGE              busybox syslogd (sysklogd/syslogd.c, timestamp_and_log)
//	Mon Nov 23 08:05:00 2026 kern.warn kernel: MESSAGE        OpenWrt logread (ubox log/logread.c, log_notify)
//	Nov 23 08:05:00 <kern.warn> gw kernel: MESSAGE            FreeBSD syslogd -v
//	Mon 2026-11-23 08:05:00 UTC gw dnsmasq.service[9]: MSG    journalctl -o with-unit (systemd, src/shared/logs-show.c)
//	[ 3940.030707] MESSAGE                                    dmesg (util-linux, sys-utils/dmesg.c), busybox dmesg
//	[ 3940.030707] [   T12] MESSAGE                           of a kernel with CONFIG_PRINTK_CALLER
//	[Mon Nov 23 08:05:00 2026] MESSAGE                        dmesg -T; with -d also "<    0.000123>" in the brackets
//	<4>[ 3940.030707] MESSAGE                                 dmesg -r
//	kern  :warn  : [ 3940.030707] MESSAGE                     dmesg -x
//	2026-11-23T08:05:00,030707+00:00 MESSAGE                  dmesg --time-format iso
//	4,1234,3940030707,-;MESSAGE                               /dev/kmsg (Documentation/ABI/testing/dev-kmsg), netconsole
//	6.12.1,4,1234,3940030707,-;MESSAGE                        netconsole with its release in front
//	[ 3940.030707] gw kernel: MESSAGE                         journalctl -o short-monotonic, short-delta
//	@400000006b03f3b6075bcd15 LINE                            multilog, s6-log t, svlogd -t (TAI64N)
//	2026-11-23_08:05:00.12345 kern.warn: LINE                 svlogd -tt, and what socklog prints
//	2026-11-23T08:05:00.123456789Z LINE                       docker logs -t, kubectl logs --timestamps: nanoseconds
//	2026-11-23T08:05:00.123456789+00:00 stdout F LINE         the log files of containerd and cri-o
//	2026-11-23T08:05:00Z {job="syslog"} LINE                  logcli, of Loki; a container's if it has such a label
//	dnsmasq-1  | LINE, [pod/a/b] LINE, pod container LINE     docker compose logs, kubectl logs --prefix, stern
//	kern.log:12:LINE, kern.log-12-LINE, 12:LINE, 12<tab>LINE  grep -Hn, grep -C, cat -n
//	> LINE, | LINE, - LINE, 1. LINE                           mail, lists
//
// The message is what follows "tag: ". From one of the kernel's, this package
// takes off the time since boot that syslog daemons leave in it, "<4>" of old
// klogds, and the caller. Some messages mean others: see repeat.go.
//
// A line that is indented by more than a few columns goes on with the message
// before it, whatever it says: journalctl indents by the width of the header.
//
// # Adding a carrier
//
//  1. Put a line of it into a sample: NAME.meta, NAME.in and NAME.expected in
//     testdata/carriers/dns.txtar or ip.txtar (see README.md there). Then
//     go test ./lib/carrier -run TestSamples/NAME fails.
//  2. If it puts something in front of whole lines, write a function that takes
//     that off, and add it to wrappers in wrap.go (or, behind a time, to
//     Parser.after in record.go). Set contained if a container printed the lines:
//     then none of them is the kernel's.
//  3. If it has a header of its own, write a method like tai64n in tai64n.go, which
//     returns stamp.ErrNone for all other lines, and add it to formsOf in record.go
//     for each byte that its lines can begin with (if the array is full, make it
//     longer). Pass the time, and the rest of the line, to Parser.after.
//  4. Add the line to lines in carrier_test.go, which also seeds the fuzz test, and
//     to the list above, with the program and the function that prints it.
//
// Only a new spelling of a time needs package stamp, and only a form of several
// lines, or of JSON, package journal.
package carrier
