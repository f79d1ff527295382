-- The aggregates of many hosts, for questions that files answer too slowly.
--
-- A row is a state: what a host's file said of a key at a version, which is the
-- time of the pull as a number (20260208213000). So loading again, late or in
-- another order changes nothing: of each (host, key) the latest version stays,
-- and a host's rows of versions before its latest complete load are not shown
-- (the host was reset, or the row was folded into its family's).
--
-- Counts and unions are made when they are asked for: a sum that is kept while
-- rows come in would count a repeated load twice. Only what cannot be counted
-- twice is kept: the first time.
--
-- Times are text, as in the files: their byte order is the order of time, there
-- is no time zone to go wrong, and what comes out is what went in to the byte.
-- (parseDateTimeBestEffort(last_seen) makes a DateTime.)
--
-- Runs on ClickHouse 18.16 (Debian 12) and later.

CREATE DATABASE IF NOT EXISTS egress;

-- Complete loads. The row of a host comes after its others.
CREATE TABLE IF NOT EXISTS egress.loads (
	host String,
	version UInt64
) ENGINE = ReplacingMergeTree ORDER BY (host, version);

CREATE TABLE IF NOT EXISTS egress.domain_states (
	host String,
	domain String,
	questions UInt64,
	last_seen String,
	ips Array(String),
	version UInt64
) ENGINE = ReplacingMergeTree(version) ORDER BY (host, domain);

CREATE TABLE IF NOT EXISTS egress.ip_states (
	host String,
	ip String,
	connections UInt64,
	last_seen String,
	version UInt64
) ENGINE = ReplacingMergeTree(version) ORDER BY (host, ip);

-- When a key was first seen: the earliest time that any load had, and the first
-- version. The least of equal ones is the same, however often they are loaded.
CREATE TABLE IF NOT EXISTS egress.domain_firsts (
	domain String,
	host String,
	first_seen AggregateFunction(min, String),
	first_version AggregateFunction(min, UInt64)
) ENGINE = AggregatingMergeTree ORDER BY (domain, host);

CREATE MATERIALIZED VIEW IF NOT EXISTS egress.domain_firsts_kept TO egress.domain_firsts AS
SELECT domain, host, minState(last_seen) AS first_seen, minState(version) AS first_version
FROM egress.domain_states GROUP BY domain, host;

CREATE TABLE IF NOT EXISTS egress.ip_firsts (
	ip String,
	host String,
	first_seen AggregateFunction(min, String),
	first_version AggregateFunction(min, UInt64)
) ENGINE = AggregatingMergeTree ORDER BY (ip, host);

CREATE MATERIALIZED VIEW IF NOT EXISTS egress.ip_firsts_kept TO egress.ip_firsts AS
SELECT ip, host, minState(last_seen) AS first_seen, minState(version) AS first_version
FROM egress.ip_states GROUP BY ip, host;

-- Public resolvers: an address, or a name (below which all count).
CREATE TABLE IF NOT EXISTS egress.resolvers (
	resolver String,
	note String
) ENGINE = ReplacingMergeTree ORDER BY resolver;

-- The latest load of each host, and the one before (0: there is none).
CREATE VIEW IF NOT EXISTS egress.hosts AS
SELECT host, max(version) AS current, arrayReverseSort(groupUniqArray(version))[2] AS previous
FROM egress.loads GROUP BY host;

-- The files, as they are now. A load that is under way, or broke off, shows the
-- rows that it brought so far in the place of the older ones.
CREATE VIEW IF NOT EXISTS egress.domains AS
SELECT host, domain, questions, last_seen, ips
FROM (SELECT host, domain, questions, last_seen, ips, version FROM egress.domain_states FINAL)
ALL INNER JOIN (SELECT host, max(version) AS current FROM egress.loads GROUP BY host) USING host
WHERE version >= current;

CREATE VIEW IF NOT EXISTS egress.ips AS
SELECT host, ip, connections, last_seen
FROM (SELECT host, ip, connections, last_seen, version FROM egress.ip_states FINAL)
ALL INNER JOIN (SELECT host, max(version) AS current FROM egress.loads GROUP BY host) USING host
WHERE version >= current;

-- The fleet: what aggmerge makes of all files, and on how many hosts. A sum
-- stays at the largest number there is, as aggmerge's does.
CREATE VIEW IF NOT EXISTS egress.fleet_domains AS
SELECT
	domain,
	count() AS hosts,
	if(sum(toFloat64(questions)) < 18446744073709549568., sum(questions), 18446744073709551615) AS total,
	max(last_seen) AS last,
	arraySort(groupUniqArrayArray(ips)) AS addresses
FROM egress.domains GROUP BY domain;

CREATE VIEW IF NOT EXISTS egress.fleet_ips AS
SELECT
	ip,
	count() AS hosts,
	if(sum(toFloat64(connections)) < 18446744073709549568., sum(connections), 18446744073709551615) AS total,
	max(last_seen) AS last
FROM egress.ips GROUP BY ip;
