-- Names that a host asks for, and did not at the load before its last one. A host that was
-- loaded once has nothing to compare with.
SELECT host, domain, questions, last_seen
FROM egress.domains
WHERE (host, domain) IN
(
	SELECT host, domain
	FROM
	(
		SELECT host, domain, minMerge(first_version) AS began
		FROM egress.domain_firsts GROUP BY host, domain
	)
	ALL INNER JOIN egress.hosts USING host
	WHERE previous > 0 AND began > previous
)
ORDER BY host, domain
