# The same as ips.awk, in Perl, sorted.
#
#	perl ips.pl kernel.log
use strict;
use warnings;
use POSIX 'strftime';
use Socket qw(inet_pton inet_ntop AF_INET6);

my (%count, %last);
while (<>) {
	/^(\d+)\.\d+ \S+ kernel: EGRESS: IN=\S* OUT=\S* SRC=\S+ DST=(\S+) LEN=/ or next;
	$count{$2}++;
	$last{$2} = $1; # the journal's order is that of time
}
my @rows;
for my $dst (keys %count) {
	my $ip = index($dst, ':') < 0 ? $dst : inet_ntop(AF_INET6, inet_pton(AF_INET6, $dst));
	push @rows, "$ip $count{$dst} " . strftime("%Y-%m-%dT%H:%M:%SZ\n", gmtime $last{$dst});
}
print sort @rows;
