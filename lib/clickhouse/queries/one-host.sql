-- Names that one host only asks for, and addresses that one host only reaches.
SELECT host, key, total, last
FROM
(
	SELECT domain AS key, any(host) AS host, sum(questions) AS total, max(last_seen) AS last, count() AS hosts
	FROM egress.domains WHERE canary = 0 GROUP BY domain
	UNION ALL
	SELECT ip AS key, any(host) AS host, sum(connections) AS total, max(last_seen) AS last, count() AS hosts
	FROM egress.ips WHERE canary = 0 GROUP BY ip
) AS a
WHERE hosts = 1
ORDER BY host, key
