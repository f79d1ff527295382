-- Addresses that a host reaches, and did not before; the newest first. What was
-- there when the host became known is not new. named: a name led there.
SELECT host, ip, connections, last_seen, since, named
FROM (SELECT host, ip, connections, last_seen, named FROM egress.ips WHERE canary = 0) AS a
ALL INNER JOIN
(
	SELECT host, ip, since FROM egress.ip_seen WHERE came AND since >= {since:DateTime('UTC')}
) AS b USING host, ip
ORDER BY since DESC, host, ip
