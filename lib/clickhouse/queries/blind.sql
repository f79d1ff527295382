-- Hosts that may see less than there is: whose canary was last seen more than 15
-- minutes before the pull (1970 or 0000: never), or whose last pull failed. A
-- fleet without canaries is not blind for that.
SELECT host, state, current AS pulled, names_seen, addresses_seen, message
FROM
(
	SELECT host, state, current, message, names_seen
	FROM (SELECT host, state, current, message FROM egress.hosts) AS a
	ALL LEFT JOIN (SELECT host, max(last_seen) AS names_seen FROM egress.domains WHERE canary = 1 GROUP BY host) AS b USING host
) AS c
ALL LEFT JOIN (SELECT host, max(last_seen) AS addresses_seen FROM egress.ips WHERE canary = 1 GROUP BY host) AS d USING host
WHERE state = 'failed'
	OR names_seen < current - 900 AND (SELECT count() FROM egress.domains WHERE canary = 1) > 0
	OR addresses_seen < current - 900 AND (SELECT count() FROM egress.ips WHERE canary = 1) > 0
ORDER BY state, host
