-- Format 1. Times are milliseconds since 1970 in UTC; the views show them as RFC 3339.

-- `format`: the layout of this file; `position`: records of the log that are included here; `at`: time of the last of them;
-- `people` and the others: how many rows there are, since counting them reads all of them.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each person; `wake`: when a timer of theirs is due next.
CREATE TABLE people (
    seat  INTEGER PRIMARY KEY,
    wake  INTEGER,
    state BLOB NOT NULL
) STRICT;
CREATE INDEX people_by_wake ON people (wake) WHERE wake IS NOT NULL;

-- Which id is whom.
CREATE TABLE ids (
    id   TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('anonymous', 'user')),
    seat INTEGER NOT NULL,
    PRIMARY KEY (id, kind)
) STRICT, WITHOUT ROWID;

-- What a person goes by.
CREATE TABLE names (
    seat INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

-- Seats that turned out to be one person. Run numbers of `from_seat` grew by `base`.
CREATE TABLE merges (
    from_seat INTEGER PRIMARY KEY,
    into_seat INTEGER NOT NULL,
    base      INTEGER NOT NULL
) STRICT;
CREATE INDEX merges_by_into ON merges (into_seat);

-- Messages and action calls under way.
CREATE TABLE pending (
    seat       INTEGER NOT NULL,
    is_call    INTEGER NOT NULL CHECK (is_call IN (0, 1)),
    run        INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    repetition INTEGER NOT NULL,
    body       BLOB NOT NULL,
    PRIMARY KEY (seat, is_call, run, step, repetition)
) STRICT, WITHOUT ROWID;

-- One row for each message and action call that is settled; the key makes a second one impossible.
CREATE TABLE ledger (
    seat        INTEGER NOT NULL,
    is_call     INTEGER NOT NULL CHECK (is_call IN (0, 1)),
    run         INTEGER NOT NULL,
    step        INTEGER NOT NULL,
    repetition  INTEGER NOT NULL,
    ordered_at  INTEGER NOT NULL,
    settled_at  INTEGER NOT NULL,
    journey     TEXT NOT NULL,
    what        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    outcome     TEXT NOT NULL,
    provider_id TEXT,
    why         TEXT,
    PRIMARY KEY (seat, is_call, run, step, repetition)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_by_settled_at ON ledger (settled_at);

-- People's stories, in pieces.
CREATE TABLE journal (
    seat      INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    from_time INTEGER NOT NULL,
    to_time   INTEGER NOT NULL,
    lines     BLOB NOT NULL,
    PRIMARY KEY (seat, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_by_to_time ON journal (to_time);

-- The proof of each consent and withdrawal.
CREATE TABLE consents (
    position INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    seat     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    purpose  TEXT NOT NULL,
    channel  TEXT,
    given    INTEGER NOT NULL CHECK (given IN (0, 1)),
    how      TEXT NOT NULL,
    source   TEXT NOT NULL,
    PRIMARY KEY (position, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_by_seat ON consents (seat);
CREATE INDEX consents_by_at ON consents (at);

-- What came in and could not be used.
CREATE TABLE dead (
    number INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    body   BLOB NOT NULL
) STRICT;

-- Keyed hashes of the ids of people who asked to be forgotten.
CREATE TABLE tombstones (
    hash BLOB PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Small things: ticks, budgets, switches, quotas, the program's hash.
CREATE TABLE notes (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- For people who look.
CREATE VIEW checkpoint AS
    SELECT (SELECT value FROM meta WHERE name = 'position') AS records,
           strftime('%Y-%m-%dT%H:%M:%SZ', (SELECT value FROM meta WHERE name = 'at') / 1000, 'unixepoch') AS up_to;
CREATE VIEW who AS
    SELECT ids.id, ids.kind, ids.seat, names.name
    FROM ids LEFT JOIN names ON names.seat = ids.seat;
CREATE VIEW waiting AS
    SELECT strftime('%Y-%m-%dT%H:%M:%SZ', wake / 1000, 'unixepoch') AS wakes_at, seat, names.name, length(state) AS state_bytes
    FROM people LEFT JOIN names USING (seat)
    WHERE wake IS NOT NULL;
CREATE VIEW sends AS
    SELECT strftime('%Y-%m-%dT%H:%M:%SZ', settled_at / 1000, 'unixepoch') AS settled,
           strftime('%Y-%m-%dT%H:%M:%SZ', ordered_at / 1000, 'unixepoch') AS ordered,
           seat, names.name, journey, what, channel, outcome, attempts, provider_id, why,
           run, step, repetition
    FROM ledger LEFT JOIN names USING (seat);
CREATE VIEW consent_proofs AS
    SELECT strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch') AS time,
           seat, names.name, purpose, coalesce(channel, 'all') AS channel,
           CASE given WHEN 1 THEN 'given' ELSE 'withdrawn' END AS consent, how, source, position
    FROM consents LEFT JOIN names USING (seat);
CREATE VIEW dead_letters AS
    SELECT number, strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch') AS time, source, reason, detail,
           CAST(body AS TEXT) AS body
    FROM dead;

INSERT INTO meta (name, value) VALUES
    ('format', 1), ('position', 0), ('at', 0),
    ('people', 0), ('waiting', 0), ('pending', 0), ('ledger', 0), ('dead', 0);
