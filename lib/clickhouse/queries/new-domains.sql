-- Names that a host asks for, and did not before; the newest first. What was
-- there when the host became known is not new.
SELECT host, domain, questions, last_seen, since
FROM (SELECT host, domain, questions, last_seen FROM egress.domains WHERE canary = 0) AS a
ALL INNER JOIN
(
	SELECT host, domain, since FROM egress.domain_seen WHERE came AND since >= {since:DateTime('UTC')}
) AS b USING host, domain
ORDER BY since DESC, host, domain
