-- On how many hosts a name is asked for, and since when; the rarest first.
SELECT domain, hosts, total, since, last
FROM (SELECT domain, hosts, total, last FROM egress.fleet_domains WHERE is_canary = 0) AS a
ALL LEFT JOIN (SELECT domain, minMerge(first) AS since FROM egress.name_seen GROUP BY domain) AS b USING domain
ORDER BY hosts, domain
