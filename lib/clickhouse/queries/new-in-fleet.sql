-- Names that are new, as in new-domains.sql, on all hosts that ever had them:
-- nobody in the fleet knew them before.
SELECT domain, hosts, began, a_host
FROM
(
	SELECT domain, count() AS hosts, min(since) AS began, min(came) AS is_new, any(host) AS a_host
	FROM egress.domain_seen GROUP BY domain
) AS a
WHERE is_new = 1 AND began >= {since:DateTime('UTC')} AND domain NOT IN (SELECT domain FROM egress.domains WHERE canary = 1)
ORDER BY hosts DESC, domain
