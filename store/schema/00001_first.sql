-- +goose Up
-- Positions: pos = log << 40 | index. Keys that end in 8 are the first eight bytes of a digest, for small indexes; whoever looks
-- up by them compares the whole digest. Only setting, grp, log.checkpoint, entry.raw, part, draft, kept, feed, token and alarm hold what cannot be rebuilt.
CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE grp (
  id       INTEGER PRIMARY KEY,
  digest   BLOB NOT NULL UNIQUE,
  founding BLOB NOT NULL
);
CREATE TABLE log (
  id         INTEGER PRIMARY KEY,
  grp        INTEGER NOT NULL REFERENCES grp(id),
  party      TEXT NOT NULL,
  size       INTEGER NOT NULL,
  counted    INTEGER NOT NULL,
  checkpoint BLOB,
  UNIQUE (grp, party)
);
CREATE TABLE entry (
  pos         INTEGER PRIMARY KEY,
  id8         INTEGER NOT NULL,
  instrument8 INTEGER NOT NULL,
  nonce8      INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  silent      INTEGER NOT NULL,
  time        INTEGER,
  reasons     BLOB,
  raw         BLOB NOT NULL
);
CREATE INDEX entry_id ON entry (id8);
CREATE INDEX entry_instrument ON entry (instrument8);
CREATE INDEX entry_nonce ON entry (nonce8);
CREATE INDEX entry_void ON entry (pos) WHERE length(reasons) > 1;
CREATE INDEX entry_said ON entry (pos) WHERE silent = 0 AND time IS NOT NULL;
CREATE INDEX entry_special ON entry (kind, pos) WHERE kind IN ('powers', 'charter');
CREATE TABLE tile (
  log   INTEGER NOT NULL,
  level INTEGER NOT NULL,
  n     INTEGER NOT NULL,
  data  BLOB NOT NULL,
  PRIMARY KEY (log, level, n)
) WITHOUT ROWID;
CREATE TABLE part (
  pos  INTEGER NOT NULL,
  name TEXT NOT NULL,
  slot INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (pos, name)
) WITHOUT ROWID;
-- Parts destroyed for good, held or not.
CREATE TABLE erased (
  pos  INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (pos, name)
) WITHOUT ROWID;
-- A date that does not come is the greatest integer. Each order and each narrow filter of lists has an index that holds all that
-- lists are filtered by, so that no list reads the states it does not show.
CREATE TABLE state (
  pos     INTEGER PRIMARY KEY,
  grp     INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  line    TEXT NOT NULL,
  owner   TEXT NOT NULL,
  phase   TEXT NOT NULL,
  until   INTEGER NOT NULL,
  ends    INTEGER NOT NULL,
  done    INTEGER NOT NULL,
  due     INTEGER NOT NULL,
  overdue INTEGER NOT NULL,
  opened  INTEGER NOT NULL,
  last    INTEGER NOT NULL,
  body    BLOB NOT NULL
);
CREATE INDEX state_all ON state (grp, opened, pos, kind, line, owner, phase, until, ends, done, due, overdue);
CREATE INDEX state_opened ON state (grp, kind, opened, pos, line, owner, phase, until, ends, done, due, overdue);
CREATE INDEX state_due ON state (grp, kind, due, pos, line, owner, phase, until, ends, done, overdue, opened);
CREATE INDEX state_last ON state (grp, kind, last, pos, line, owner, phase, until, ends, done, due, overdue);
CREATE INDEX state_line ON state (grp, kind, line, due, pos, owner, phase, until, ends, done, overdue, opened);
CREATE INDEX state_phase ON state (grp, kind, phase, due, pos, line, owner, until, ends, done, overdue, opened);
CREATE INDEX state_owed ON state (grp, kind, overdue, pos, line, owner, ends, due, opened) WHERE overdue < 9223372036854775807;
CREATE INDEX state_done ON state (grp, kind, done, owner, due, pos, line, phase, until, ends, overdue, opened) WHERE done > 0;
-- What waits for whom (entente.Attention), one row each, by the state it is read from.
CREATE TABLE attention (
  pos    INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  grp    INTEGER NOT NULL,
  party  TEXT NOT NULL,
  reason TEXT NOT NULL,
  about  BLOB NOT NULL,
  from_  INTEGER NOT NULL,
  until_ INTEGER NOT NULL,
  by_    INTEGER NOT NULL,
  kind   TEXT NOT NULL,
  line   TEXT NOT NULL,
  PRIMARY KEY (pos, n)
) WITHOUT ROWID;
CREATE INDEX attention_party ON attention (grp, party, reason, from_, by_, pos, n, until_, kind, line);
-- Facts of a state that name a record: what refers to what. first marks one of those by which a state names the same.
CREATE TABLE ref (
  pos    INTEGER NOT NULL,
  name   TEXT NOT NULL,
  target BLOB NOT NULL,
  grp    INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  first  INTEGER NOT NULL,
  PRIMARY KEY (pos, name, target)
) WITHOUT ROWID;
CREATE INDEX ref_target ON ref (grp, target, opened, pos, name, first);
CREATE TABLE seen (
  knower INTEGER NOT NULL,
  author INTEGER NOT NULL,
  size   INTEGER NOT NULL,
  idx    INTEGER NOT NULL,
  time   INTEGER NOT NULL,
  PRIMARY KEY (knower, author, size)
) WITHOUT ROWID;
CREATE TABLE wait (
  knower INTEGER NOT NULL,
  author INTEGER NOT NULL,
  idx    INTEGER NOT NULL,
  pos    INTEGER NOT NULL,
  PRIMARY KEY (knower, author, idx, pos)
) WITHOUT ROWID;
CREATE INDEX wait_pos ON wait (pos);
CREATE TABLE outbox (
  grp     INTEGER NOT NULL,
  peer    TEXT NOT NULL,
  acked   INTEGER NOT NULL,
  contact INTEGER NOT NULL,
  note    BLOB,
  state   BLOB,
  PRIMARY KEY (grp, peer)
) WITHOUT ROWID;
CREATE TABLE draft (
  nonce   BLOB PRIMARY KEY,
  grp     INTEGER NOT NULL,
  created INTEGER NOT NULL,
  office  TEXT NOT NULL,
  header  BLOB NOT NULL,
  slot    INTEGER NOT NULL,
  body    BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE nonpaper (
  author   TEXT NOT NULL,
  nonce    BLOB NOT NULL,
  grp      INTEGER NOT NULL,
  readers  TEXT NOT NULL,
  about    BLOB,
  state    TEXT NOT NULL,
  changed  INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  until    INTEGER NOT NULL,
  received INTEGER NOT NULL,
  seen     INTEGER NOT NULL,
  office   TEXT NOT NULL,
  bytes    INTEGER NOT NULL,
  slot     INTEGER NOT NULL,
  body     BLOB,
  PRIMARY KEY (author, nonce)
);
CREATE INDEX nonpaper_group ON nonpaper (grp, author);
CREATE INDEX nonpaper_until ON nonpaper (until) WHERE body IS NOT NULL;
CREATE TABLE floated (
  nonce BLOB NOT NULL,
  peer  TEXT NOT NULL,
  said  TEXT NOT NULL,
  time  INTEGER NOT NULL,
  next  INTEGER NOT NULL,
  PRIMARY KEY (nonce, peer)
) WITHOUT ROWID;
CREATE TABLE asked (
  pos   INTEGER PRIMARY KEY,
  nonce BLOB NOT NULL
);
CREATE INDEX asked_nonce ON asked (nonce);
CREATE TABLE kept (
  sort   TEXT NOT NULL,
  about  BLOB NOT NULL,
  grp    INTEGER NOT NULL,
  office TEXT NOT NULL,
  time   INTEGER NOT NULL,
  slot   INTEGER NOT NULL,
  body   BLOB NOT NULL,
  PRIMARY KEY (sort, about)
) WITHOUT ROWID;
CREATE INDEX kept_grp ON kept (grp, sort);
CREATE TABLE feed (
  digest  BLOB PRIMARY KEY,
  grp     INTEGER NOT NULL,
  office  TEXT NOT NULL,
  lang    TEXT NOT NULL,
  titles  INTEGER NOT NULL,
  created INTEGER NOT NULL,
  read    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE token (
  digest  BLOB PRIMARY KEY,
  office  TEXT NOT NULL,
  created INTEGER NOT NULL,
  until   INTEGER NOT NULL
) WITHOUT ROWID;
-- bound, of sign-ins: the seats' keys for which they stand (node/binding.go).
CREATE TABLE onelink (
  digest BLOB PRIMARY KEY,
  office TEXT NOT NULL,
  seat   INTEGER NOT NULL,
  bound  TEXT NOT NULL,
  until  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE session (
  digest  BLOB PRIMARY KEY,
  office  TEXT NOT NULL,
  seat    INTEGER NOT NULL,
  bound   TEXT NOT NULL,
  how     TEXT NOT NULL,
  created INTEGER NOT NULL,
  until   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE credential (
  id      BLOB PRIMARY KEY,
  office  TEXT NOT NULL,
  seat    INTEGER NOT NULL,
  bound   TEXT NOT NULL,
  use     TEXT NOT NULL,
  name    TEXT NOT NULL,
  key     TEXT NOT NULL,
  data    BLOB NOT NULL,
  created INTEGER NOT NULL,
  used    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE subject (
  issuer  TEXT NOT NULL,
  subject TEXT NOT NULL,
  office  TEXT NOT NULL,
  seat    INTEGER NOT NULL,
  bound   TEXT NOT NULL,
  PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE TABLE idempotency (
  key     BLOB PRIMARY KEY,
  request BLOB NOT NULL,
  answer  BLOB NOT NULL,
  created INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE alarm (
  id    INTEGER PRIMARY KEY,
  grp   INTEGER NOT NULL,
  party TEXT NOT NULL,
  code  TEXT NOT NULL,
  text  TEXT NOT NULL,
  proof BLOB,
  time  INTEGER NOT NULL,
  UNIQUE (grp, party, code, text)
);
CREATE TABLE orphan (
  grp  INTEGER NOT NULL,
  idx  INTEGER NOT NULL,
  id   BLOB NOT NULL,
  raw  BLOB NOT NULL,
  PRIMARY KEY (grp, idx, id)
) WITHOUT ROWID;

-- +goose Down
