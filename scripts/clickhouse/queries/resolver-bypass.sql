-- Who goes around the resolver: connections to the addresses of public resolvers,
-- and questions for their names (the first step of DNS over HTTPS or TLS).
SELECT host, key, total, last_seen, note
FROM
(
	SELECT host, ip AS key, replaceRegexpOne(ip, '^::ffff:([0-9.]+)$', '\\1') AS resolver, connections AS total, last_seen FROM egress.ips
	UNION ALL
	SELECT host, domain AS key, resolver, questions AS total, last_seen
	FROM egress.domains
	ARRAY JOIN arrayMap(i -> arrayStringConcat(arraySlice(splitByChar('.', domain), i + 1), '.'),
		range(length(splitByChar('.', domain)))) AS resolver
)
ALL INNER JOIN (SELECT resolver, any(note) AS note FROM egress.resolvers GROUP BY resolver) USING resolver
ORDER BY host, key
