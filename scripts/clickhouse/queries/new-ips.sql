-- Addresses that a host reaches, and did not at the load before its last one. A host that was
-- loaded once has nothing to compare with.
SELECT host, ip, connections, last_seen
FROM egress.ips
WHERE (host, ip) IN
(
	SELECT host, ip
	FROM
	(
		SELECT host, ip, minMerge(first_version) AS began
		FROM egress.ip_firsts GROUP BY host, ip
	)
	ALL INNER JOIN egress.hosts USING host
	WHERE previous > 0 AND began > previous
)
ORDER BY host, ip
