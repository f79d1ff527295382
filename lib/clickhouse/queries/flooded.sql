-- Where single names and addresses are not known any more: rows that stand for
-- others or for a family, and names whose addresses are more than a list holds.
SELECT host, key, total, last_seen, why
FROM
(
	SELECT host, domain AS key, questions AS total, last_seen,
		multiIf(folded = 2, 'stands for others', folded = 1, 'stands for a family', 'more addresses than the list holds') AS why
	FROM egress.domains WHERE folded > 0 OR overflowed = 1
	UNION ALL
	SELECT host, ip AS key, connections AS total, last_seen,
		if(folded = 2, 'stands for others', 'stands for a family') AS why
	FROM egress.ips WHERE folded > 0
) AS a
ORDER BY why DESC, total DESC, host, key
