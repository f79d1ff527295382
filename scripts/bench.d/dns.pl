# The same as dns.awk, in Perl, sorted.
#
#	perl dns.pl YEAR dnsmasq.log
use strict;
use warnings;

my $year = shift;
my (%count, %last, %ips, %asked);
my @ring; # keys of transactions, by the end of the serial; older ones are deleted
while (<>) {
	if (/^.{15} dnsmasq\[(\d+)\]: (\d+) \S+ (?:reply|cached|config) \S+ is ([0-9a-f.:]+)$/) {
		my $name = $asked{"$1 $2"} or next;
		# A name with its type in front: "4www.example.org"
		(index($3, ':') < 0) == (substr($name, 0, 1) eq '4') or next;
		$ips{substr $name, 1}{$3} = 1;
	} elsif (/^(.{15}) dnsmasq\[(\d+)\]: (\d+) \S+ query\[([^]]*)\] (\S+) from /) {
		my $name = lc $5;
		$count{$name}++;
		$last{$name} = $1; # the log's order is that of time
		my $slot = $3 % 4096;
		delete $asked{$ring[$slot]} if defined $ring[$slot];
		$ring[$slot] = "$2 $3";
		$asked{"$2 $3"} = ($4 eq 'A' ? '4' : '6') . $name if $4 eq 'A' || $4 eq 'AAAA';
	}
}

my $n = 0;
my %month = map { $_ => ++$n } qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec);
for my $name (sort keys %count) {
	my ($month, $day, $time) = split ' ', $last{$name};
	my $ips = $ips{$name} ? join(',', sort keys %{$ips{$name}}) : '-';
	printf "%s %d %d-%02d-%02dT%sZ %s\n", $name, $count{$name}, $year, $month{$month}, $day, $time, $ips;
}
