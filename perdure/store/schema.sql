-- The SQLite home of a store, schema version 1.
--
-- What is written at every step is kept small and dense, because WAL writes whole pages: a commit of
-- hundreds of steps should dirty tens of pages however long the runs' histories are. Hence:
--   * `pending` holds only activities without a result: a few rows per run, always in few pages;
--   * `history` is append-only: a finished activity moves there, next to what else finished just now,
--     and is found again through a chain (runs.head -> prev -> prev ...) that costs no index;
--   * strings that repeat (workers, functions, queues, image hashes) are numbers into `names` and `workers`.
--
-- Invariants (`check` verifies them):
--   * runs.owner is NULL unless status is 'running'; a finished run is nobody's;
--   * runs.wake_at is NULL unless the run is parked, and then owner is NULL;
--   * the chain from runs.head visits only history rows of that run, newest first, versions falling.
--
-- Foreign keys are declared for the reader and for `PRAGMA foreign_key_check`; they are not enforced at
-- each write, where the fence has just proved that the run and its owner exist.

CREATE TABLE images (
    hash TEXT NOT NULL PRIMARY KEY,
    data BLOB NOT NULL
);

-- Strings that many rows repeat: workflows, activities, queues, image hashes.
CREATE TABLE names (
    n    INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

-- One lease each. Rows stay after retirement: history names who recorded a result.
CREATE TABLE workers (
    n           INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    host        TEXT NOT NULL,
    pid         INTEGER NOT NULL,
    started_at  REAL NOT NULL,
    lease_until REAL NOT NULL,
    retired     INTEGER NOT NULL DEFAULT 0,
    queues      TEXT NOT NULL                       -- a JSON list
);

CREATE TABLE runs (
    n          INTEGER PRIMARY KEY,                 -- in order of creation
    id         TEXT NOT NULL UNIQUE,
    workflow   INTEGER NOT NULL REFERENCES names,
    image      INTEGER NOT NULL REFERENCES names,
    queue      INTEGER NOT NULL REFERENCES names,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    status     TEXT NOT NULL DEFAULT 'running',
    version    INTEGER NOT NULL DEFAULT 0,
    owner      INTEGER REFERENCES workers,
    wake_at    REAL,                                -- NULL: at once
    head       INTEGER REFERENCES history,          -- the newest link of the run's history
    checkpoint BLOB NOT NULL,                       -- the two that may be large stand last: reading
    outcome    BLOB                                 -- the columns before them follows no overflow pages
);

-- Who may take which run: unowned ones (owner NULL) by queue and wake_at, and the holdings of a worker.
-- A step of a held run changes none of these columns, so it does not touch the index.
CREATE INDEX claims ON runs (owner, queue, wake_at) WHERE status = 'running';

-- What an operator looks for among many. Runs that succeed never enter it.
CREATE INDEX mishaps ON runs (status) WHERE status IN ('failed', 'cancelled');

-- Activities that have no result yet.
CREATE TABLE pending (
    run          INTEGER NOT NULL REFERENCES runs,
    seq          INTEGER NOT NULL,
    name         INTEGER NOT NULL REFERENCES names,
    line         INTEGER NOT NULL,
    scheduled_at REAL NOT NULL,
    attempt      INTEGER NOT NULL DEFAULT 1,        -- the attempt to make next
    due_at       REAL,                              -- NULL: since scheduled_at
    error        BLOB,                              -- of the last failed attempt
    args         BLOB NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;

-- Activities with a result, in the order in which transitions consumed them.
CREATE TABLE history (
    n            INTEGER PRIMARY KEY,
    prev         INTEGER REFERENCES history,        -- the link before it in the same run
    run          INTEGER NOT NULL REFERENCES runs,
    version      INTEGER NOT NULL,                  -- of the run, after the transition that consumed it
    seq          INTEGER NOT NULL,
    name         INTEGER NOT NULL REFERENCES names,
    line         INTEGER NOT NULL,
    worker       INTEGER NOT NULL REFERENCES workers,
    attempt      INTEGER NOT NULL,
    succeeded    INTEGER NOT NULL,
    scheduled_at REAL NOT NULL,
    due_at       REAL,
    started_at   REAL NOT NULL,
    finished_at  REAL NOT NULL,
    args         BLOB NOT NULL,
    result       BLOB NOT NULL
);
