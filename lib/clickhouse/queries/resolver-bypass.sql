-- Who goes around the resolver: connections to the addresses of public resolvers,
-- and questions for their names (the first step of DNS over HTTPS or TLS).
SELECT host, key, total, last_seen, resolver
FROM
(
	SELECT host, ip AS key, connections AS total, last_seen, resolver FROM egress.ips WHERE resolver != ''
	UNION ALL
	SELECT host, domain AS key, questions AS total, last_seen, resolver FROM egress.domains WHERE resolver != ''
) AS a
ORDER BY host, key
