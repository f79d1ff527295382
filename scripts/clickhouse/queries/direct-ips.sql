-- Direct-IP egress: addresses that a host reached though no name that it asked
-- for led there. (An IPv4-mapped one is the IPv4 one that it leads to.) What is
-- most rare in the fleet comes first.
SELECT host, ip, connections, last_seen, hosts
FROM
(
	SELECT host, ip, connections, last_seen
	FROM egress.ips
	WHERE (host, replaceRegexpOne(ip, '^::ffff:([0-9.]+)$', '\\1')) NOT IN
	(
		SELECT host, replaceRegexpOne(arrayJoin(ips), '^::ffff:([0-9.]+)$', '\\1') FROM egress.domains
	)
)
ALL INNER JOIN (SELECT ip, count() AS hosts FROM egress.ips GROUP BY ip) USING ip
ORDER BY hosts, connections DESC, host, ip
