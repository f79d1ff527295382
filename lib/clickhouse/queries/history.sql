-- The fleet, day by day: how many hosts were loaded, how many names and addresses
-- they had, how many addresses no name led to, and how much nobody had before.
SELECT day, hosts, names, addresses, direct, new_names, new_addresses
FROM
(
	SELECT day, hosts, names, addresses, direct, new_names
	FROM
	(
		SELECT day, hosts, names, addresses, direct
		FROM (SELECT day, uniqExact(host) AS hosts, uniqExact(domain) AS names FROM egress.name_days GROUP BY day) AS a
		ALL LEFT JOIN
		(
			SELECT day, uniqExact(ip) AS addresses, uniqExactIf(ip, named = 0) AS direct FROM egress.address_days GROUP BY day
		) AS b USING day
	) AS c
	ALL LEFT JOIN
	(
		SELECT toDate(began) AS day, count() AS new_names
		FROM (SELECT domain, min(since) AS began, min(came) AS is_new FROM egress.domain_seen GROUP BY domain) AS d
		WHERE is_new = 1 GROUP BY day
	) AS e USING day
) AS f
ALL LEFT JOIN
(
	SELECT toDate(began) AS day, count() AS new_addresses
	FROM (SELECT ip, min(since) AS began, min(came) AS is_new FROM egress.ip_seen GROUP BY ip) AS g
	WHERE is_new = 1 GROUP BY day
) AS h USING day
ORDER BY day
