-- The SQL of the PostgreSQL journal. Each query has a name and a sentence; Python refers to names (queries.py reads this).

-- name: format
-- The format of the store.
SELECT version FROM steadyhand.formats WHERE part = 'journal';

-- name: schema
-- Tables, and the triggers that let the journal only grow.
-- `streams` is the cell on which appends compare and swap; what changes in it stands in no index. `append` is the
-- transaction that appended: the order in which to look for news.
-- The triggers are written as PostgreSQL tells them, so that verification can hold one text against the other.
CREATE SCHEMA IF NOT EXISTS steadyhand;
CREATE TABLE steadyhand.formats (part text PRIMARY KEY, version integer NOT NULL);
CREATE TABLE steadyhand.streams (
  stream text COLLATE "C" PRIMARY KEY, seq bigint NOT NULL, hash bytea NOT NULL, epoch bigint NOT NULL,
  created bigint NOT NULL, at bigint NOT NULL, append xid8 NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX streams_by_age ON steadyhand.streams (created, stream);
CREATE TABLE steadyhand.events (
  stream text COLLATE "C" NOT NULL, seq bigint NOT NULL, at bigint NOT NULL, actor text NOT NULL, epoch bigint NOT NULL,
  type text NOT NULL, body text NOT NULL, prev bytea NOT NULL, hash bytea NOT NULL, append xid8 NOT NULL,
  PRIMARY KEY (stream, seq)
);
CREATE INDEX events_by_append ON steadyhand.events (append);
CREATE TABLE steadyhand.artifacts (sha256 bytea PRIMARY KEY, size bigint NOT NULL);
CREATE TABLE steadyhand.chunks (
  sha256 bytea NOT NULL REFERENCES steadyhand.artifacts ON DELETE CASCADE, number integer NOT NULL,
  content bytea NOT NULL, PRIMARY KEY (sha256, number)
);
CREATE FUNCTION steadyhand.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION steadyhand.follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq = 1 AND NEW.prev = decode(repeat('00', 32), 'hex') THEN
    RETURN NEW;
  END IF;
  PERFORM FROM steadyhand.events WHERE stream = NEW.stream AND seq = NEW.seq - 1 AND hash = NEW.prev;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'an event follows the one before it' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION steadyhand.grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq <= OLD.seq OR NEW.epoch < OLD.epoch OR NEW.created <> OLD.created OR NEW.stream <> OLD.stream THEN
    RAISE EXCEPTION 'a stream only grows' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER events_are_final BEFORE DELETE OR UPDATE ON steadyhand.events FOR EACH ROW EXECUTE FUNCTION steadyhand.refuse('an event is never changed or removed');
CREATE TRIGGER events_stay BEFORE TRUNCATE ON steadyhand.events FOR EACH STATEMENT EXECUTE FUNCTION steadyhand.refuse('an event is never removed');
CREATE TRIGGER events_follow BEFORE INSERT ON steadyhand.events FOR EACH ROW EXECUTE FUNCTION steadyhand.follow();
CREATE TRIGGER streams_grow BEFORE UPDATE ON steadyhand.streams FOR EACH ROW EXECUTE FUNCTION steadyhand.grow();
CREATE TRIGGER streams_stay BEFORE DELETE ON steadyhand.streams FOR EACH ROW EXECUTE FUNCTION steadyhand.refuse('a stream is never removed');
CREATE TRIGGER streams_are_kept BEFORE TRUNCATE ON steadyhand.streams FOR EACH STATEMENT EXECUTE FUNCTION steadyhand.refuse('a stream is never removed');
CREATE TRIGGER artifacts_are_final BEFORE UPDATE ON steadyhand.artifacts FOR EACH ROW EXECUTE FUNCTION steadyhand.refuse('an artifact is never changed');
CREATE TRIGGER chunks_are_final BEFORE UPDATE ON steadyhand.chunks FOR EACH ROW EXECUTE FUNCTION steadyhand.refuse('an artifact is never changed');
INSERT INTO steadyhand.formats (part, version) VALUES ('journal', 1);

-- name: rights
-- Whether this role may append, and whether this server takes changes at all.
SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on',
  has_table_privilege('steadyhand.events', 'INSERT') AND has_table_privilege('steadyhand.streams', 'INSERT')
    AND has_table_privilege('steadyhand.streams', 'UPDATE') AND has_table_privilege('steadyhand.artifacts', 'INSERT')
    AND has_table_privilege('steadyhand.chunks', 'INSERT'), current_user;

-- name: rules
-- The triggers that stand, with the text of their functions, and whether they fire.
SELECT t.tgname, pg_get_triggerdef(t.oid), p.prosrc, t.tgenabled::text
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE c.relnamespace = 'steadyhand'::regnamespace AND c.relname IN ('streams', 'events', 'artifacts', 'chunks')
  AND NOT t.tgisinternal
UNION ALL SELECT rulename, definition, '', 'O' FROM pg_rules
WHERE schemaname = 'steadyhand' AND tablename IN ('streams', 'events', 'artifacts', 'chunks') ORDER BY 1;

-- name: head
-- The end of one stream.
SELECT stream, seq, hash, epoch, created, at FROM steadyhand.streams WHERE stream = %s;

-- name: heads
-- The ends of the streams with a beginning that are older than one, newest first, a page of them.
SELECT stream, seq, hash, epoch, created FROM steadyhand.streams
WHERE starts_with(stream, %s) AND (created, stream) < (%s, %s COLLATE "C") ORDER BY created DESC, stream DESC LIMIT 1000;

-- name: newest
-- The ends of the newest streams with a beginning, a page of them.
SELECT stream, seq, hash, epoch, created FROM steadyhand.streams
WHERE starts_with(stream, %s) ORDER BY created DESC, stream DESC LIMIT 1000;

-- name: mark
-- The last append, those older than it that are still under way, and the timeline (another one after a failover).
SELECT latest::text, ARRAY(SELECT x::text FROM pg_snapshot_xip(pg_current_snapshot()) x WHERE x <= latest),
  CASE WHEN pg_is_in_recovery() THEN '0' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END
FROM (SELECT 1) one LEFT JOIN LATERAL (
  SELECT append AS latest FROM steadyhand.events WHERE append < pg_snapshot_xmax(pg_current_snapshot())
  ORDER BY append DESC LIMIT 1) found ON true;

-- name: point
-- The last append, the oldest transaction that is under way, the next one, and the timeline.
SELECT (SELECT append FROM steadyhand.events WHERE append < pg_snapshot_xmax(pg_current_snapshot())
    ORDER BY append DESC LIMIT 1)::text,
  pg_snapshot_xmin(pg_current_snapshot())::text, pg_snapshot_xmax(pg_current_snapshot())::text,
  CASE WHEN pg_is_in_recovery() THEN '0' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END;

-- name: grown
-- The ends of the streams that have grown in that transaction or later.
-- What a restored store brings along from the future of another server is left out, and told of once this server has
-- come so far.
SELECT stream, seq, hash, epoch, created FROM steadyhand.streams WHERE stream IN (
  SELECT stream FROM steadyhand.events
  WHERE append >= %s::text::xid8 AND append < pg_snapshot_xmax(pg_current_snapshot())) ORDER BY append, stream;

-- name: all
-- The ends of all streams, in the order in which they grew.
SELECT stream, seq, hash, epoch, created FROM steadyhand.streams ORDER BY append, stream;

-- name: create
-- A stream begins, with its first events. No row: somebody was faster.
WITH head AS (
  INSERT INTO steadyhand.streams (stream, seq, hash, epoch, created, at, append)
  VALUES (%(stream)s, %(last)s, %(hash)b, %(epoch)s, %(created)s, %(at)s, pg_current_xact_id())
  ON CONFLICT DO NOTHING RETURNING stream)
INSERT INTO steadyhand.events (stream, seq, at, actor, epoch, type, body, prev, hash, append)
SELECT head.stream, e.seq, e.at, e.actor, e.epoch, e.type, e.body, e.prev, e.hash, pg_current_xact_id()
FROM head, unnest(%(seqs)s::bigint[], %(ats)s::bigint[], %(actors)s::text[], %(epochs)s::bigint[], %(types)s::text[],
  %(bodies)s::text[], %(prevs)s::bytea[], %(hashes)s::bytea[])
  AS e(seq, at, actor, epoch, type, body, prev, hash) ORDER BY e.seq;

-- name: move
-- The compare and swap, and the events. No row: somebody was faster.
WITH head AS (
  UPDATE steadyhand.streams
  SET seq = %(last)s, hash = %(hash)b, epoch = %(epoch)s, at = %(at)s, append = pg_current_xact_id()
  WHERE stream = %(stream)s AND seq = %(seq)s AND hash = %(before)b AND epoch <= %(epoch)s RETURNING stream)
INSERT INTO steadyhand.events (stream, seq, at, actor, epoch, type, body, prev, hash, append)
SELECT head.stream, e.seq, e.at, e.actor, e.epoch, e.type, e.body, e.prev, e.hash, pg_current_xact_id()
FROM head, unnest(%(seqs)s::bigint[], %(ats)s::bigint[], %(actors)s::text[], %(epochs)s::bigint[], %(types)s::text[],
  %(bodies)s::text[], %(prevs)s::bytea[], %(hashes)s::bytea[])
  AS e(seq, at, actor, epoch, type, body, prev, hash) ORDER BY e.seq;

-- name: ours
-- The hash of one event, to see whether it was recorded.
SELECT hash FROM steadyhand.events WHERE stream = %s AND seq = %s;

-- name: read
-- The events of a stream after one.
SELECT seq, at, actor, epoch, type, body, hash FROM steadyhand.events WHERE stream = %s AND seq > %s ORDER BY seq;

-- name: rows
-- The events of a stream after one as they stand, a page of them.
SELECT seq, at, actor, epoch, type, body, prev, hash FROM steadyhand.events WHERE stream = %s AND seq > %s
ORDER BY seq LIMIT 500;

-- name: stray
-- Streams that have events but no head, or a head but no events.
SELECT DISTINCT stream FROM steadyhand.events e
WHERE NOT EXISTS (SELECT FROM steadyhand.streams s WHERE s.stream = e.stream)
UNION SELECT stream FROM steadyhand.streams s WHERE NOT EXISTS (
  SELECT FROM steadyhand.events e WHERE e.stream = s.stream);

-- name: keep
-- An artifact begins. No row: it is there already.
INSERT INTO steadyhand.artifacts (sha256, size) VALUES (%b, %s) ON CONFLICT DO NOTHING;

-- name: keep_chunk
-- A piece of an artifact.
INSERT INTO steadyhand.chunks (sha256, number, content) VALUES (%b, %s, %b);

-- name: keep_whole
-- An artifact in one piece. No row: it is there already.
WITH new AS (INSERT INTO steadyhand.artifacts (sha256, size) VALUES (%b, %s) ON CONFLICT DO NOTHING RETURNING sha256)
INSERT INTO steadyhand.chunks (sha256, number, content) SELECT sha256, 1, %b FROM new;

-- name: kept
-- The size of an artifact.
SELECT size FROM steadyhand.artifacts WHERE sha256 = %b;

-- name: chunk
-- A piece of an artifact.
SELECT content FROM steadyhand.chunks WHERE sha256 = %b AND number = %s;
