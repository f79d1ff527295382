-- The fleet's unique-domains.log, to the byte what aggmerge */unique-domains.log
-- prints as long as nothing is folded (for --format=TabSeparatedRaw).
SELECT concat(domain, ' ', toString(total), ' ', formatDateTime(last, '%FT%TZ', 'UTC'), ' ',
	if(empty(addresses), '-', arrayStringConcat(addresses, ',')))
FROM egress.fleet_domains
ORDER BY domain
