-- Everything that a file of format 1 may hold, without what later formats may add.
PRAGMA application_id = 0x54414249;
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE people (seat INTEGER PRIMARY KEY, wake INTEGER, state BLOB NOT NULL) STRICT;
CREATE INDEX people_by_wake ON people (wake) WHERE wake IS NOT NULL;
CREATE TABLE ids (id TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('anonymous', 'user')), seat INTEGER NOT NULL,
    PRIMARY KEY (id, kind)) STRICT, WITHOUT ROWID;
CREATE TABLE names (seat INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE merges (from_seat INTEGER PRIMARY KEY, into_seat INTEGER NOT NULL, base INTEGER NOT NULL) STRICT;
CREATE INDEX merges_by_into ON merges (into_seat);
CREATE TABLE pending (seat INTEGER NOT NULL, is_call INTEGER NOT NULL CHECK (is_call IN (0, 1)), run INTEGER NOT NULL,
    step INTEGER NOT NULL, repetition INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (seat, is_call, run, step, repetition)) STRICT, WITHOUT ROWID;
CREATE TABLE ledger (seat INTEGER NOT NULL, is_call INTEGER NOT NULL CHECK (is_call IN (0, 1)), run INTEGER NOT NULL,
    step INTEGER NOT NULL, repetition INTEGER NOT NULL, ordered_at INTEGER NOT NULL, settled_at INTEGER NOT NULL,
    journey TEXT NOT NULL, what TEXT NOT NULL, channel TEXT NOT NULL, attempts INTEGER NOT NULL, outcome TEXT NOT NULL,
    provider_id TEXT, why TEXT, PRIMARY KEY (seat, is_call, run, step, repetition)) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_by_settled_at ON ledger (settled_at);
CREATE TABLE journal (seat INTEGER NOT NULL, position INTEGER NOT NULL, from_time INTEGER NOT NULL,
    to_time INTEGER NOT NULL, lines BLOB NOT NULL, PRIMARY KEY (seat, position)) STRICT, WITHOUT ROWID;
CREATE INDEX journal_by_to_time ON journal (to_time);
CREATE TABLE consents (position INTEGER NOT NULL, ordinal INTEGER NOT NULL, seat INTEGER NOT NULL, at INTEGER NOT NULL,
    purpose TEXT NOT NULL, channel TEXT, given INTEGER NOT NULL CHECK (given IN (0, 1)), how TEXT NOT NULL,
    source TEXT NOT NULL, PRIMARY KEY (position, ordinal)) STRICT, WITHOUT ROWID;
CREATE INDEX consents_by_seat ON consents (seat);
CREATE INDEX consents_by_at ON consents (at);
CREATE TABLE dead (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL, reason TEXT NOT NULL,
    detail TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE tombstones (hash BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE notes (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

INSERT INTO meta VALUES ('format', 1), ('position', 7), ('at', 1775002020000),
    ('people', 1), ('waiting', 1), ('pending', 1), ('ledger', 1), ('dead', 1);
INSERT INTO people VALUES (4, 1775003400000, CAST('state' AS BLOB));
INSERT INTO ids VALUES ('taro', 'user', 4), ('device-1', 'anonymous', 4);
INSERT INTO names VALUES (4, 'taro');
INSERT INTO merges VALUES (2, 4, 20);
INSERT INTO pending VALUES (4, 1, 3, 5, 1, x'0102');
INSERT INTO ledger VALUES (4, 0, 3, 2, 1, 1775001840000, 1775002140000, 'Welcome', '挨拶', 'line', 2, 'accepted', 'id-9', NULL);
INSERT INTO journal VALUES (4, 3, 1775001660000, 1775001720000, x'00');
INSERT INTO consents VALUES (2, 0, 4, 1775001720000, 'news', NULL, 1, 'api', 'web');
INSERT INTO dead VALUES (1, 1775001720000, 'api', 'unknown-event', 'no event of this name', x'7b7d');
INSERT INTO tombstones VALUES (x'000102030405060708090a0b0c0d0e0f', 1775001720000);
INSERT INTO notes VALUES ('tick:1', x'01');
