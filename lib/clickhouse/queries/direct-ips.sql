-- Direct-IP egress: addresses that a host reached though no name that it asked
-- for led there. What is most rare in the fleet comes first. Where stands_for is
-- "others", the row is what a flood left, and tells nothing of a single address.
SELECT host, ip, connections, last_seen, hosts, since, stands_for
FROM
(
	SELECT host, ip, connections, last_seen, hosts, multiIf(folded = 2, 'others', folded = 1, 'family', '') AS stands_for
	FROM (SELECT host, ip, connections, last_seen, folded FROM egress.ips WHERE named = 0 AND canary = 0) AS a
	ALL INNER JOIN (SELECT ip, count() AS hosts FROM egress.ips GROUP BY ip) AS b USING ip
) AS c
ALL LEFT JOIN (SELECT host, ip, since FROM egress.ip_seen) AS d USING host, ip
ORDER BY hosts, connections DESC, host, ip
