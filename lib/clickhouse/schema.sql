-- The files of many hosts, for questions that files answer too slowly.
--
-- A row of *_states is a state: what a host's file had for a key at a version,
-- which is the time of the last pull that did not fail. So loading again, late or
-- in another order changes nothing: of each (host, key) the latest version stays,
-- and a host's rows of versions before its latest complete load are not shown
-- (the host was reset, or the row was folded into its family's).
--
-- Counts and unions are made when they are asked for: a sum that is kept while
-- rows come in would count a repeated load twice. Only what cannot be counted
-- twice is kept: the first and the last time, and the state of each day.
--
-- What needs all of a host's file is found when it is loaded, by the packages
-- that aggjoin and egress-report use, and is a column:
--
--   named       a name that the host asked for led to the address
--   resolver    the operator of the public resolver that the key belongs to
--   folded      1: the row holds a family of one owner (*.example.com)
--               2: it holds others (*.com, 0.0.0.0/0): a flood
--   overflowed  the name led to more addresses than its list has room for
--   canary      egress-monitor itself asks for it, to show that it sees
--
-- Times are UTC, whatever the zone of the server. Times that DateTime cannot hold
-- are the nearest one that it can (1970-01-02, 2105-12-31).
--
-- Runs on ClickHouse 18.16 (Debian 12) and 26.7 alike: there is nothing here that
-- either does not know. Views hold no data, and are made anew each time.

CREATE DATABASE IF NOT EXISTS egress;

-- Complete loads. The row of a host comes after its others.
CREATE TABLE IF NOT EXISTS egress.loaded (
	host String,
	version DateTime('UTC')
) ENGINE = ReplacingMergeTree ORDER BY (host, version);

-- How the last try to pull a host went (pull.status), and since when it is known.
CREATE TABLE IF NOT EXISTS egress.pulls (
	host String,
	at DateTime('UTC'),
	result String,
	why String,
	known DateTime('UTC')
) ENGINE = ReplacingMergeTree(at) ORDER BY host;

CREATE TABLE IF NOT EXISTS egress.name_states (
	host String,
	domain String,
	questions UInt64,
	last_seen DateTime('UTC'),
	ips Array(String),
	resolver String,
	folded UInt8,
	overflowed UInt8,
	canary UInt8,
	version DateTime('UTC')
) ENGINE = ReplacingMergeTree(version) ORDER BY (host, domain);

CREATE TABLE IF NOT EXISTS egress.address_states (
	host String,
	ip String,
	connections UInt64,
	last_seen DateTime('UTC'),
	named UInt8,
	resolver String,
	folded UInt8,
	canary UInt8,
	version DateTime('UTC')
) ENGINE = ReplacingMergeTree(version) ORDER BY (host, ip);

-- History: the last state of each day. A month is a partition, so that old ones
-- go at once (egress-load --keep).
CREATE TABLE IF NOT EXISTS egress.name_days (
	day Date,
	host String,
	domain String,
	questions UInt64,
	last_seen DateTime('UTC'),
	version DateTime('UTC')
) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(day) ORDER BY (host, domain, day);

CREATE MATERIALIZED VIEW IF NOT EXISTS egress.name_days_kept TO egress.name_days AS
SELECT toDate(version) AS day, host, domain, questions, last_seen, version FROM egress.name_states;

CREATE TABLE IF NOT EXISTS egress.address_days (
	day Date,
	host String,
	ip String,
	connections UInt64,
	last_seen DateTime('UTC'),
	named UInt8,
	version DateTime('UTC')
) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(day) ORDER BY (host, ip, day);

CREATE MATERIALIZED VIEW IF NOT EXISTS egress.address_days_kept TO egress.address_days AS
SELECT toDate(version) AS day, host, ip, connections, last_seen, named, version FROM egress.address_states;

-- When a key was first and last seen, as states of aggregates: the least of equal
-- ones is the same, however often they are loaded. They are fed by the states,
-- and, through *_firsts, by the first-seen files of egress-pull.
CREATE TABLE IF NOT EXISTS egress.name_seen (
	domain String,
	host String,
	first AggregateFunction(min, DateTime('UTC')),
	last AggregateFunction(max, DateTime('UTC'))
) ENGINE = AggregatingMergeTree ORDER BY (domain, host);

CREATE TABLE IF NOT EXISTS egress.name_firsts (
	domain String,
	host String,
	seen DateTime('UTC')
) ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS egress.name_firsts_kept TO egress.name_seen AS
SELECT domain, host, minState(seen) AS first, maxState(seen) AS last
FROM egress.name_firsts GROUP BY domain, host;

CREATE MATERIALIZED VIEW IF NOT EXISTS egress.name_seen_kept TO egress.name_seen AS
SELECT domain, host, minState(last_seen) AS first, maxState(last_seen) AS last
FROM egress.name_states GROUP BY domain, host;

CREATE TABLE IF NOT EXISTS egress.address_seen (
	ip String,
	host String,
	first AggregateFunction(min, DateTime('UTC')),
	last AggregateFunction(max, DateTime('UTC'))
) ENGINE = AggregatingMergeTree ORDER BY (ip, host);

CREATE TABLE IF NOT EXISTS egress.address_firsts (
	ip String,
	host String,
	seen DateTime('UTC')
) ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS egress.address_firsts_kept TO egress.address_seen AS
SELECT ip, host, minState(seen) AS first, maxState(seen) AS last
FROM egress.address_firsts GROUP BY ip, host;

CREATE MATERIALIZED VIEW IF NOT EXISTS egress.address_seen_kept TO egress.address_seen AS
SELECT ip, host, minState(last_seen) AS first, maxState(last_seen) AS last
FROM egress.address_states GROUP BY ip, host;

DROP TABLE IF EXISTS egress.fleet_domains;
DROP TABLE IF EXISTS egress.fleet_ips;
DROP TABLE IF EXISTS egress.domains;
DROP TABLE IF EXISTS egress.ips;
DROP TABLE IF EXISTS egress.domain_seen;
DROP TABLE IF EXISTS egress.ip_seen;
DROP TABLE IF EXISTS egress.hosts;

-- Each host: its latest load, and since when it is known. What was seen for the
-- first time later than that is new on it.
CREATE VIEW egress.hosts AS
SELECT host, current, loads, if(told > toDateTime(0, 'UTC'), told, earliest) AS began, state, tried, message
FROM (SELECT host, max(version) AS current, min(version) AS earliest, uniqExact(version) AS loads FROM egress.loaded GROUP BY host) AS a
ALL LEFT JOIN
(
	SELECT host, max(at) AS tried, argMax(result, at) AS state, argMax(why, at) AS message, argMax(known, at) AS told
	FROM egress.pulls GROUP BY host
) AS b USING host;

-- The files, as they are now. A load that is under way, or broke off, shows the
-- rows that it brought so far in the place of the older ones.
CREATE VIEW egress.domains AS
SELECT host, domain, questions, last_seen, ips, resolver, folded, overflowed, canary
FROM (SELECT * FROM egress.name_states FINAL) AS a
ALL INNER JOIN (SELECT host, max(version) AS current FROM egress.loaded GROUP BY host) AS b USING host
WHERE version >= current;

CREATE VIEW egress.ips AS
SELECT host, ip, connections, last_seen, named, resolver, folded, canary
FROM (SELECT * FROM egress.address_states FINAL) AS a
ALL INNER JOIN (SELECT host, max(version) AS current FROM egress.loaded GROUP BY host) AS b USING host
WHERE version >= current;

-- When each key was first and last seen on a host, and whether it came after the
-- host became known.
CREATE VIEW egress.domain_seen AS
SELECT host, domain, since, until, since > began AS came
FROM (SELECT host, domain, minMerge(first) AS since, maxMerge(last) AS until FROM egress.name_seen GROUP BY host, domain) AS a
ALL INNER JOIN (SELECT host, began FROM egress.hosts) AS b USING host;

CREATE VIEW egress.ip_seen AS
SELECT host, ip, since, until, since > began AS came
FROM (SELECT host, ip, minMerge(first) AS since, maxMerge(last) AS until FROM egress.address_seen GROUP BY host, ip) AS a
ALL INNER JOIN (SELECT host, began FROM egress.hosts) AS b USING host;

-- The fleet: what aggmerge makes of all files, and on how many hosts. A sum
-- stays at the largest number there is, as aggmerge's does.
CREATE VIEW egress.fleet_domains AS
SELECT
	domain,
	count() AS hosts,
	if(sum(toFloat64(questions)) < 18446744073709549568., sum(questions), 18446744073709551615) AS total,
	max(last_seen) AS last,
	arraySort(groupUniqArrayArray(ips)) AS addresses,
	max(canary) AS is_canary
FROM egress.domains GROUP BY domain;

CREATE VIEW egress.fleet_ips AS
SELECT
	ip,
	count() AS hosts,
	if(sum(toFloat64(connections)) < 18446744073709549568., sum(connections), 18446744073709551615) AS total,
	max(last_seen) AS last,
	max(canary) AS is_canary
FROM egress.ips GROUP BY ip;
