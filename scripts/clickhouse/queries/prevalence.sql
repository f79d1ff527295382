-- On how many hosts a name is asked for, and since when; the rarest first.
SELECT domain, hosts, total, first, last
FROM egress.fleet_domains
ALL LEFT JOIN (SELECT domain, minMerge(first_seen) AS first FROM egress.domain_firsts GROUP BY domain) USING domain
ORDER BY hosts, domain
