-- The fleet's unique-ips.log, to the byte what aggmerge */unique-ips.log prints
-- as long as nothing is folded (for --format=TabSeparatedRaw).
SELECT concat(ip, ' ', toString(total), ' ', formatDateTime(last, '%FT%TZ', 'UTC'))
FROM egress.fleet_ips
ORDER BY ip
