-- Names that are new, as in new-domains.sql, on all hosts that ever had them:
-- nobody in the fleet knew them before.
SELECT domain, count() AS hosts, min(began) AS first_version, min(first) AS first_seen, any(host) AS a_host
FROM
(
	SELECT host, domain, minMerge(first_version) AS began, minMerge(first_seen) AS first
	FROM egress.domain_firsts GROUP BY host, domain
)
ALL INNER JOIN egress.hosts USING host
GROUP BY domain
HAVING min(previous > 0 AND began > previous) = 1
ORDER BY hosts DESC, domain
