-- The SQL of the SQLite journal. Each query has a name and a sentence; Python refers to names (queries.py reads this).

-- name: settings
-- Full durability: an acknowledged append survives a power cut. WAL, so that readers never wait.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;

-- name: schema
-- Tables, and the triggers that let the journal only grow. `streams` is the cell on which appends compare and swap.
-- `moved` numbers the appends of the whole store.
CREATE TABLE IF NOT EXISTS streams (
  stream TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL, epoch INTEGER NOT NULL, created INTEGER NOT NULL,
  moved INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
  stream TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, epoch INTEGER NOT NULL,
  type TEXT NOT NULL, body TEXT NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS events_are_final BEFORE UPDATE ON events
  BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END;
CREATE TRIGGER IF NOT EXISTS events_stay BEFORE DELETE ON events
  BEGIN SELECT RAISE(ABORT, 'an event is never removed'); END;
CREATE TRIGGER IF NOT EXISTS events_follow BEFORE INSERT ON events
  WHEN NEW.seq != coalesce((SELECT max(seq) FROM events WHERE stream = NEW.stream), 0) + 1
    OR NEW.prev != coalesce((SELECT hash FROM events WHERE stream = NEW.stream AND seq = NEW.seq - 1), zeroblob(32))
  BEGIN SELECT RAISE(ABORT, 'an event follows the one before it'); END;
CREATE TRIGGER IF NOT EXISTS streams_stay BEFORE DELETE ON streams
  BEGIN SELECT RAISE(ABORT, 'a stream is never removed'); END;
CREATE TRIGGER IF NOT EXISTS streams_grow BEFORE UPDATE ON streams
  WHEN NEW.seq <= OLD.seq OR NEW.epoch < OLD.epoch OR NEW.created != OLD.created OR NEW.stream != OLD.stream
    OR NEW.moved <= OLD.moved
  BEGIN SELECT RAISE(ABORT, 'a stream only grows'); END;

-- name: set_aside
-- From format 1 to 2: the ends of streams had no number of their last append. The table is made anew beside this one.
DROP TRIGGER IF EXISTS streams_grow;
DROP TRIGGER IF EXISTS streams_stay;
ALTER TABLE streams RENAME TO streams_before;

-- name: take_over
-- The ends of streams go into the new table, numbered as they began; the order of their last appends is not known.
INSERT INTO streams (stream, seq, hash, epoch, created, moved)
  SELECT stream, seq, hash, epoch, created, row_number() OVER (ORDER BY created, stream) FROM streams_before;
DROP TABLE streams_before;

-- name: rules
-- The tables and triggers that stand, with their SQL.
SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name;

-- name: head
-- The end of one stream.
SELECT stream, seq, hash, epoch, created FROM streams WHERE stream = ?;

-- name: heads
-- The ends of all streams with a beginning, newest first.
SELECT stream, seq, hash, epoch, created FROM streams WHERE substr(stream, 1, length(?1)) = ?1
  ORDER BY created DESC, stream DESC;

-- name: grown
-- The ends of the streams that have grown after that append, in the order in which they grew.
SELECT stream, seq, hash, epoch, created, moved FROM streams WHERE moved > ? ORDER BY moved;

-- name: last_move
-- The number of the last append.
SELECT coalesce(max(moved), 0) FROM streams;

-- name: create
-- A stream begins.
INSERT INTO streams (stream, seq, hash, epoch, created, moved)
  VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(moved), 0) + 1 FROM streams));

-- name: move
-- The compare and swap: no row is changed when somebody else was faster.
UPDATE streams SET seq = ?, hash = ?, epoch = ?, moved = (SELECT max(moved) + 1 FROM streams)
  WHERE stream = ? AND seq = ? AND epoch <= ?;

-- name: insert
-- One event.
INSERT INTO events (stream, seq, at, actor, epoch, type, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: last_time
-- When the last event of a stream was.
SELECT at FROM events WHERE stream = ? AND seq = ?;

-- name: read
-- The events of a stream after one.
SELECT seq, at, actor, epoch, type, body FROM events WHERE stream = ? AND seq > ? ORDER BY seq;

-- name: rows
-- The events of a stream after one as they stand, for the verifier, the archive and the copy.
SELECT seq, at, actor, epoch, type, body, prev, hash FROM events WHERE stream = ? AND seq > ? ORDER BY seq;

-- name: stray
-- Streams that have events but no head, or a head but no events.
SELECT DISTINCT stream FROM events WHERE stream NOT IN (SELECT stream FROM streams)
UNION SELECT stream FROM streams WHERE stream NOT IN (SELECT stream FROM events);
