-- Every statement of the SQLite store, by name. `-- name: x` opens one, `;` at a line's end closes it;
-- the comment lines between say what it is for. sqlite.py asks for them as SQL["x"].

-- images and names -----------------------------------------------------------------------------------

-- name: put_image
-- The hash is of the content, so a second write could only write the same.
INSERT INTO images (hash, data) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING;

-- name: has_image
-- Spares a commit for an image that is there already.
SELECT 1 FROM images WHERE hash = ?;

-- name: get_image
SELECT data FROM images WHERE hash = ?;

-- name: add_name
-- Give a string its number, unless it has one.
INSERT INTO names (text) VALUES (?) ON CONFLICT (text) DO NOTHING;

-- name: find_name
SELECT n FROM names WHERE text = ?;

-- runs, as clients see them ----------------------------------------------------------------------------

-- name: create_run
-- Nothing happens when the id is taken: the same id is the same run.
INSERT INTO runs (id, workflow, image, queue, created_at, updated_at, checkpoint)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING;

-- name: get_run
-- Polled by clients: three lookups by key beside the row itself.
SELECT r.id, w.text, i.text, q.text, r.status, r.version, r.created_at, r.updated_at,
       r.outcome, o.id, r.wake_at, r.checkpoint
FROM runs r JOIN names w ON w.n = r.workflow JOIN names i ON i.n = r.image JOIN names q ON q.n = r.queue
LEFT JOIN workers o ON o.n = r.owner
WHERE r.id = ?;

-- name: list_runs
-- Newest first. {status} becomes a literal (never a user's text), for only then does SQLite see that a
-- partial index applies. CROSS JOIN keeps runs the outer loop, walked backwards until the limit is full.
SELECT r.id, w.text, i.text, q.text, r.status, r.version, r.created_at, r.updated_at,
       r.outcome, o.id, r.wake_at, r.checkpoint
FROM runs r
CROSS JOIN names w ON w.n = r.workflow CROSS JOIN names i ON i.n = r.image
CROSS JOIN names q ON q.n = r.queue LEFT JOIN workers o ON o.n = r.owner
WHERE {status} AND (:workflow IS NULL OR w.text = :workflow)
ORDER BY r.n DESC LIMIT :limit;

-- name: activities
-- A run's past, along its chain, and its present.
WITH RECURSIVE
  it (n, head) AS (SELECT n, head FROM runs WHERE id = :id),
  chain (n, prev) AS (
    SELECT h.n, h.prev FROM it JOIN history h ON h.n = it.head
    UNION ALL
    SELECT h.n, h.prev FROM chain JOIN history h ON h.n = chain.prev)
SELECT h.seq, a.text, CASE h.succeeded WHEN 1 THEN 'succeeded' ELSE 'failed' END, h.attempt, h.args,
       h.result, h.line, h.scheduled_at, h.started_at, h.finished_at, coalesce(h.due_at, h.scheduled_at), w.id
FROM chain JOIN history h ON h.n = chain.n JOIN names a ON a.n = h.name JOIN workers w ON w.n = h.worker
UNION ALL
SELECT p.seq, a.text, 'scheduled', p.attempt, p.args,
       p.error, p.line, p.scheduled_at, NULL, NULL, coalesce(p.due_at, p.scheduled_at), NULL
FROM it JOIN pending p ON p.run = it.n JOIN names a ON a.n = p.name
ORDER BY 1;

-- workers ------------------------------------------------------------------------------------------------

-- name: register_worker
INSERT INTO workers (id, host, pid, started_at, lease_until, queues) VALUES (?, ?, ?, ?, ?, ?);

-- name: claimant
-- Who asks for runs, and whether its own lease still holds.
SELECT n, retired = 0 AND lease_until >= :now FROM workers WHERE id = :id;

-- name: renew_lease
-- One row, however many runs the worker holds. A lease that ran out stays so.
UPDATE workers SET lease_until = :lease_until
WHERE id = :id AND retired = 0 AND lease_until >= :now;

-- name: retire_worker
UPDATE workers SET retired = 1 WHERE id = ?;

-- name: free_runs
-- What a retired worker held is anybody's.
UPDATE runs SET owner = NULL
WHERE status = 'running' AND owner = (SELECT n FROM workers WHERE id = ?);

-- name: workers
SELECT id, host, pid, started_at, lease_until, queues FROM workers WHERE retired = 0 ORDER BY n DESC;

-- claims -------------------------------------------------------------------------------------------------

-- name: lapsed_holders
-- Workers that hold runs on a lease that ran out. Steps through the distinct owners in the index
-- (a "loose scan"), so that neither the runs held nor the workers long gone make it slower.
WITH RECURSIVE holders (n) AS (
    SELECT min(owner) FROM runs WHERE status = 'running' AND owner > 0
    UNION ALL
    SELECT (SELECT min(owner) FROM runs WHERE status = 'running' AND owner > holders.n)
    FROM holders WHERE holders.n IS NOT NULL)
SELECT h.n FROM holders h LEFT JOIN workers w ON w.n = h.n
WHERE h.n IS NOT NULL AND (w.n IS NULL OR w.retired = 1 OR w.lease_until < :now);

-- name: claimable
-- The oldest runs of one queue with one owner (NULL: none) that are due. Two arms, each a walk along the
-- index that stops at the limit: those that may go at once, and those whose time has come.
SELECT n FROM (
    SELECT n FROM runs
    WHERE status = 'running' AND owner IS :owner AND queue = :queue AND wake_at IS NULL
    ORDER BY n LIMIT :limit)
UNION ALL
SELECT n FROM (
    SELECT n FROM runs
    WHERE status = 'running' AND owner IS :owner AND queue = :queue AND wake_at <= :now
    ORDER BY wake_at, n LIMIT :limit);

-- name: claimable_run
-- One run by its id, whatever its queue, if it is due and no living worker holds it.
SELECT r.n FROM runs r LEFT JOIN workers w ON w.n = r.owner
WHERE r.id = :id AND r.status = 'running' AND (r.wake_at IS NULL OR r.wake_at <= :now)
  AND (w.n IS NULL OR w.retired = 1 OR w.lease_until < :now);

-- name: take_run
-- A claimed run waits for nothing.
UPDATE runs SET owner = ?, wake_at = NULL WHERE n = ?;

-- name: claimed_run
SELECT r.id, w.text, i.text, r.version, r.checkpoint
FROM runs r JOIN names w ON w.n = r.workflow JOIN names i ON i.n = r.image WHERE r.n = ?;

-- name: pending
-- What a run's new owner has to execute.
SELECT p.seq, a.text, p.args, p.attempt, coalesce(p.due_at, p.scheduled_at)
FROM pending p JOIN names a ON a.n = p.name WHERE p.run = ? ORDER BY p.seq;

-- name: release_run
UPDATE runs SET owner = NULL
WHERE id = ? AND status = 'running' AND owner = (SELECT n FROM workers WHERE id = ?);

-- name: next_wake
-- NULL wake_at (at once) counts as the beginning of time. min() over the index reads one entry.
SELECT CASE WHEN EXISTS (SELECT 1 FROM runs WHERE status = 'running' AND owner IS :owner
                           AND queue = :queue AND wake_at IS NULL) THEN 0.0
       ELSE (SELECT min(wake_at) FROM runs WHERE status = 'running' AND owner IS :owner
               AND queue = :queue AND wake_at > -1e999) END;

-- transitions: the hot path -------------------------------------------------------------------------------

-- name: find_run
SELECT n FROM runs WHERE id = ?;

-- name: find_worker
SELECT n FROM workers WHERE id = ?;

-- name: last_link
-- Where the history ends; the writer alone appends, so it counts on from here by itself.
SELECT coalesce(max(n), 0) FROM history;

-- name: holds
-- The fence, read alone: the exact path asks before it writes.
SELECT 1 FROM runs WHERE n = ? AND version = ? AND owner = ?;

-- name: schedule
INSERT INTO pending (run, seq, name, line, scheduled_at, args) VALUES (?, ?, ?, ?, ?, ?);

-- name: retry
UPDATE pending SET attempt = ?, due_at = ?, error = ? WHERE run = ? AND seq = ?;

-- name: finish
-- A pending activity becomes history. prev: the link of the same transition before it, else the run's head.
INSERT INTO history (n, prev, run, version, seq, name, line, worker, attempt, succeeded,
                     scheduled_at, due_at, started_at, finished_at, args, result)
SELECT ?, coalesce(?, (SELECT head FROM runs WHERE n = p.run)), p.run, ?, p.seq, p.name, p.line, ?, ?, ?,
       p.scheduled_at, p.due_at, ?, ?, p.args, ?
FROM pending p WHERE p.run = ? AND p.seq = ?;

-- name: unschedule
-- The other half of `finish`.
DELETE FROM pending WHERE run = ? AND seq = ?;

-- name: step
-- A held run goes on, held. Sets no indexed column. The WHERE is the fence.
UPDATE runs SET version = version + 1, updated_at = ?, head = coalesce(?, head),
                checkpoint = coalesce(?, checkpoint)
WHERE n = ? AND version = ? AND owner = ?;

-- name: leave
-- A run ends, or is given up until wake_at. The WHERE is the fence.
UPDATE runs SET version = version + 1, updated_at = ?, head = coalesce(?, head),
                checkpoint = coalesce(?, checkpoint), status = ?, outcome = ?, wake_at = ?, owner = NULL
WHERE n = ? AND version = ? AND owner = ?;

-- reopening ------------------------------------------------------------------------------------------------

-- name: find_failed
SELECT n FROM runs WHERE id = ? AND status = 'failed';

-- name: links_to_undo
-- What the failing transition consumed: the chain's links that bear the run's present version.
WITH RECURSIVE chain (n, prev) AS (
    SELECT h.n, h.prev FROM runs r JOIN history h ON h.n = r.head AND h.version = r.version WHERE r.n = :run
    UNION ALL
    SELECT h.n, h.prev FROM chain JOIN history h ON h.n = chain.prev
    WHERE h.version = (SELECT version FROM runs WHERE n = :run))
SELECT n, prev FROM chain;

-- name: reschedule
-- History becomes pending again, as if it had never been tried.
INSERT INTO pending (run, seq, name, line, scheduled_at, due_at, args)
SELECT run, seq, name, line, scheduled_at, ?, args FROM history WHERE n = ?;

-- name: unlink
UPDATE runs SET head = (SELECT prev FROM history WHERE n = runs.head) WHERE n = ?;

-- name: forget_link
DELETE FROM history WHERE n = ?;

-- name: reopen
UPDATE runs SET status = 'running', outcome = NULL, wake_at = NULL, owner = NULL, updated_at = ? WHERE n = ?;

-- stopping -------------------------------------------------------------------------------------------------

-- name: cancel
-- Nobody's from now on: whoever holds it is refused at its next commit.
UPDATE runs SET status = 'cancelled', outcome = NULL, wake_at = NULL, owner = NULL, updated_at = ?
WHERE id = ? AND status = 'running';

-- name: pause
UPDATE runs SET wake_at = ?, owner = NULL, updated_at = ? WHERE id = ? AND status = 'running';

-- name: unpause
UPDATE runs SET wake_at = NULL, updated_at = ?
WHERE id = ? AND status = 'running' AND owner IS NULL AND wake_at = ?;

-- integrity ------------------------------------------------------------------------------------------------

-- name: pages
-- SQLite's own check of every page, index and constraint; stops at the first fault.
PRAGMA integrity_check(1);

-- name: strays
-- Rows that refer to rows which are not there.
PRAGMA foreign_key_check;

-- name: broken_chains
-- Links that lead to another run, or forwards in time.
SELECT h.n FROM history h JOIN history p ON p.n = h.prev
WHERE p.run <> h.run OR p.version > h.version
UNION ALL
SELECT h.n FROM runs r JOIN history h ON h.n = r.head WHERE h.run <> r.n OR h.version > r.version
LIMIT 1;

-- name: impossible_runs
-- Runs in a state that no transition leads to.
SELECT id FROM runs
WHERE status NOT IN ('running', 'succeeded', 'failed', 'cancelled')
   OR (owner IS NOT NULL AND status <> 'running')
   OR (wake_at IS NOT NULL AND (owner IS NOT NULL OR status <> 'running'))
LIMIT 1;
