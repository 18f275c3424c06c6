-- The metadata of the cache; embedded into the program at build time. FORMAT.md explains the choices.
-- Digests are BLOBs of 16 bytes, XXH3-128 in canonical order. Times are UNIX seconds.
-- Every row carries `sum`, a checksum over its own columns: SQLite detects damaged pages only by their structure, and
-- one flipped bit inside an entry would otherwise be replayed.

-- What a command observed, encoded by fingerprint; shared by many entries.
CREATE TABLE path_sets (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  bytes BLOB NOT NULL,
  sum INTEGER NOT NULL          -- over digest, bytes
);

-- (weak, path set, strong) -> what the command made. The first published row stays.
-- strong of 16 bytes 0xff: path_set is an augmenting one, entry and blobs are empty (FORMAT.md).
CREATE TABLE entries (
  id INTEGER PRIMARY KEY,       -- ascending with time of publication
  weak BLOB NOT NULL,
  path_set BLOB NOT NULL,       -- path_sets.digest; no foreign key: either may be lost alone, and a lookup then misses
  strong BLOB NOT NULL,
  used INTEGER NOT NULL,        -- last hit, to the day; not in sum, since it changes
  created INTEGER NOT NULL,
  stable_id TEXT NOT NULL,      -- for people
  blobs BLOB NOT NULL,          -- digests of the content the entry needs, 16 bytes each, so that gc need not decode
  entry BLOB NOT NULL,          -- wire::Entry, paths as mount tokens
  sum INTEGER NOT NULL,         -- over weak, path_set, strong, created, stable_id, blobs, entry
  UNIQUE (weak, path_set, strong)
);

-- gc and `bxl-cache ls` walk by age.
CREATE INDEX entries_by_use ON entries (used);
-- Which path sets an eviction leaves without an entry.
CREATE INDEX entries_by_path_set ON entries (path_set);
