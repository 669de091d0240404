"""What only the SQLite store has: a file, with a mark, a version, side files and query plans."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from perdure.store import (
    DamagedStoreError,
    NotAStoreError,
    Store,
    StoreError,
    StoreVersionError,
    open_store,
    sqlite,
    sqlite_file,
)
from perdure.store.protocol import Transition
from perdure.store.sqlite import SQL, SqliteStore

from .makers import finished, new_run, scheduled, worker


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def opened(path: Path, create: bool = True) -> SqliteStore:
    return SqliteStore(path, create=create)


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()


def fill(store: Store, runs: int = 200) -> None:
    store.register_worker(worker())
    for n in range(runs):
        store.create_run(new_run(f"run-{n}", checkpoint=os.urandom(300)))
    store.claim_runs("w", ["default"], runs, now=20.0)
    first = [Transition(f"run-{n}", "w", 0, b"c", scheduled=[scheduled(0)]) for n in range(runs)]
    second = [Transition(f"run-{n}", "w", 1, b"c", finished=[finished(0)]) for n in range(runs)]
    assert all(store.commit(first))
    assert all(store.commit(second))


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


# -- the file -----------------------------------------------------------------------------


def test_the_file_carries_our_mark_and_is_alone_after_closing(path: Path) -> None:
    with opened(path) as store:
        fill(store, 3)
    assert [file.name for file in path.parent.iterdir()] == ["store.db"]
    with closing(sqlite3.connect(path)) as connection:
        pragmas = ("application_id", "user_version", "journal_mode")
        values = [connection.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in pragmas]
    assert values == [0x50657264, 1, "wal"]


def test_each_commit_is_synced(path: Path) -> None:
    with opened(path) as store:
        for connection in (store._writer, store._reader):
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
            assert connection.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            store._reader.execute("DELETE FROM runs")


def test_without_create_a_missing_file_is_told_and_not_made(path: Path) -> None:
    with pytest.raises(StoreError, match=r"store\.db: there is no store here"):
        opened(path, create=False)
    assert contents(path.parent) == {}


def test_a_missing_folder_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"the folder .*/no/such does not exist\. Create it"):
        opened(tmp_path / "no" / "such" / "store.db")
    with pytest.raises(StoreError, match="this is a folder; a store is a file"):
        opened(tmp_path)
    assert contents(tmp_path) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot create a store here: Permission denied"):
        opened(tmp_path / "store.db")
    tmp_path.chmod(0o700)


def test_a_failed_creation_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "SCHEMA", "CREATE TABLE a (x); CREATE TABLE a (x);")
    with pytest.raises(StoreError, match="already exists"):
        opened(path)
    assert contents(path.parent) == {}


def test_a_lost_race_to_create_opens_the_winners_store(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sqlite_file._fill

    def slowly(draft: Path, schema: str) -> None:
        real(draft, schema)
        monkeypatch.setattr(sqlite_file, "_fill", real)
        shutil.copy(draft, path)  # somebody else's, meanwhile
        sql(path, "INSERT INTO images VALUES ('theirs', x'01')")

    monkeypatch.setattr(sqlite_file, "_fill", slowly)
    with opened(path) as store:
        assert store.get_image("theirs") == b"\x01"
    assert list(contents(path.parent)) == ["store.db"]


# -- files that are something else -----------------------------------------------------------


def a_text(path: Path) -> None:
    path.write_text("Dear diary,\n" * 500)


def an_empty_file(path: Path) -> None:
    path.touch()


def a_foreign_database(path: Path) -> None:
    sql(path, "CREATE TABLE theirs (x)", "PRAGMA application_id = 7")


def a_foreign_wal_database(path: Path) -> None:
    sql(path, "PRAGMA journal_mode = WAL", "CREATE TABLE theirs (x)")


def a_foreign_database_after_a_crash(path: Path) -> None:
    crash_with_wal(path, "CREATE TABLE theirs (x)")


def crash_with_wal(path: Path, *statements: str) -> None:
    """Leave a -wal beside the file, as a killed process does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        for statement in statements:
            connection.execute(statement).fetchall()
        kept = contents(path.parent)
    for name, content in kept.items():
        if not name.endswith("-shm"):
            (path.parent / name).write_bytes(content)


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    ("make", "why"),
    [
        (a_text, "is not an SQLite database"),
        (an_empty_file, "is empty"),
        (a_foreign_database, "not a Perdure store (its application_id is 7"),
        (a_foreign_wal_database, "not a Perdure store (its application_id is 0"),
        (a_foreign_database_after_a_crash, "not a Perdure store"),
    ],
)
def test_a_foreign_file_is_refused_and_left_untouched(
    path: Path, make: Callable[[Path], None], why: str, create: bool
) -> None:
    make(path)
    before = contents(path.parent)
    with pytest.raises(NotAStoreError) as error:
        opened(path, create=create)
    assert why in str(error.value)
    assert "It was left untouched." in str(error.value)
    assert contents(path.parent) == before


def test_a_newer_schema_is_refused_and_left_untouched(path: Path) -> None:
    opened(path).close()
    sql(path, "PRAGMA user_version = 2")
    before = contents(path.parent)
    with pytest.raises(StoreVersionError, match=r"schema version 2; this Perdure knows .* to 1"):
        opened(path)
    assert contents(path.parent) == before


def test_a_newer_schema_that_is_only_in_the_wal_is_refused_too(path: Path) -> None:
    opened(path).close()
    crash_with_wal(path, "PRAGMA user_version = 2")
    before = contents(path.parent)
    with pytest.raises(StoreVersionError, match="upgrade this installation"):
        opened(path)
    after = contents(path.parent)
    after.pop("store.db-shm", None)
    assert after == before


# -- damage ---------------------------------------------------------------------------------


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def a_table_dropped(path: Path) -> None:
    sql(path, "DROP TABLE pending")


def an_index_dropped(path: Path) -> None:
    sql(path, "DROP INDEX claims")


def a_version_of_nobody(path: Path) -> None:
    sql(path, "PRAGMA user_version = 0")


def a_table_s_root_overwritten(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'history'"
        (root,) = connection.execute(query).fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xa5" * 4096)


def the_schema_overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xa5" * 3000)


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (cut_short, "it was cut short"),
        (a_table_dropped, "its 'pending' is missing"),
        (an_index_dropped, "its 'claims' is missing"),
        (a_version_of_nobody, "schema version is 0"),
        (a_table_s_root_overwritten, "malformed"),
        (the_schema_overwritten, "malformed"),
    ],
)
def test_damage_that_opening_sees_is_told_and_left_untouched(
    path: Path, harm: Callable[[Path], None], fault: str
) -> None:
    with opened(path) as store:
        fill(store)
    harm(path)
    before = contents(path.parent)
    with pytest.raises(DamagedStoreError) as error:
        opened(path)
    assert fault in str(error.value)
    assert "Restore the file" in str(error.value)
    assert contents(path.parent) == before


def test_deeper_damage_is_met_by_check_and_by_reads(path: Path) -> None:
    with opened(path) as store:
        fill(store)
        (pages,) = store._reader.execute("PRAGMA page_count").fetchone()
    content = path.read_bytes()
    start = content.rindex(b"run-1") // 4096 * 4096  # in a leaf of runs, or of its index
    assert 0 < start < pages * 4096
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * 4096)
    with opened(path) as store:
        with pytest.raises(DamagedStoreError, match=r"store\.db: the store is damaged"):
            store.check()
        with pytest.raises(DamagedStoreError, match="malformed"):
            for n in range(200):
                store.get_run(f"run-{n}")
                store.activities(f"run-{n}")


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        ("UPDATE history SET run = 99 WHERE n = 1", "refers to a row of 'runs' that is not there"),
        ("UPDATE history SET run = 2 WHERE n = 1", "history entry 1 leads to another run's"),
        ("UPDATE history SET version = 9 WHERE n = 1", "history entry 1 leads to another run's"),
        ("UPDATE runs SET status = 'failed' WHERE n = 1", "'run-0' is in a state that no run"),
        ("UPDATE runs SET wake_at = 5 WHERE n = 2", "'run-1' is in a state that no run"),
        ("UPDATE runs SET status = 'odd', owner = NULL", "'run-0' is in a state that no run"),
    ],
)
def test_check_finds_what_no_transition_leads_to(path: Path, harm: str, fault: str) -> None:
    with opened(path) as store:
        fill(store, 3)
        store.check()
        store._writer.execute(harm)
        with pytest.raises(DamagedStoreError) as error:
            store.check()
        assert fault in str(error.value)


def test_a_log_without_its_file_is_not_taken_into_a_new_store(path: Path) -> None:
    opened(path).close()
    crash_with_wal(path, "INSERT INTO images VALUES ('old', x'01')")
    path.unlink()
    before = contents(path.parent)
    with pytest.raises(DamagedStoreError, match=r"the file is gone, but its log store\.db-wal is"):
        opened(path)
    assert contents(path.parent) == before


def test_a_crash_while_the_log_was_copied_back_is_no_damage(path: Path) -> None:
    """The first page may then promise pages that are only in the log yet."""
    opened(path).close()
    short = path.read_bytes()
    crash_with_wal(path, "INSERT INTO images VALUES ('big', zeroblob(100000))")
    log = path.with_name("store.db-wal").read_bytes()
    opened(path).close()  # copies the log back
    path.write_bytes(path.read_bytes()[:4096] + short[4096:])
    path.with_name("store.db-wal").write_bytes(log)
    with opened(path) as store:
        assert store.get_image("big") == bytes(100_000)
        store.check()


def test_an_opening_that_fails_midway_closes_what_it_opened(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(path).close()
    real, made = sqlite_file._connect, list[sqlite3.Connection]()

    def third_time_unlucky(path: Path, mode: str) -> sqlite3.Connection:
        if len(made) == 2:
            raise sqlite3.OperationalError("out of luck")
        made.append(real(path, mode))
        return made[-1]

    monkeypatch.setattr(sqlite_file, "_connect", third_time_unlucky)
    with pytest.raises(StoreError, match="out of luck"):
        opened(path)
    for connection in made:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    assert list(contents(path.parent)) == ["store.db"]


# -- errors while working --------------------------------------------------------------------


def test_a_lock_that_never_ends_is_told(path: Path) -> None:
    with opened(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        store._writer.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process has held the store's write lock"):
            store.create_run(new_run())
        other.execute("ROLLBACK")
        assert store.create_run(new_run()) is True


def test_a_full_disk_is_told_and_nothing_is_written(path: Path) -> None:
    with opened(path) as store:
        (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
        store._writer.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(StoreError, match=r"the disk is full\. Nothing was written"):
            store.put_image("h", bytes(100_000))
        assert store.get_image("h") is None
        store._writer.execute("PRAGMA max_page_count = 1000000")
        store.put_image("h", bytes(100_000))
        assert store.get_image("h") == bytes(100_000)


def test_opening_twice_and_closing_once_leaves_the_others_locks_alone(path: Path) -> None:
    """POSIX drops all of a process's locks on a file when it closes any descriptor of it."""
    with opened(path) as first:
        before = locks_on(path)
        assert before
        opened(path).close()
        assert locks_on(path) == before
        fill(first, 2)


def locks_on(path: Path) -> list[str]:
    inode = str(path.stat().st_ino)
    lines = Path("/proc/locks").read_text().splitlines()
    return sorted(line.split(": ")[1] for line in lines if f":{inode} " in line)


# -- the statements -------------------------------------------------------------------------


def test_every_statement_is_used_and_every_used_one_exists() -> None:
    source = Path(sqlite.__file__).read_text("utf-8")
    unused = {name for name in SQL if f'"{name}"' not in source}
    assert unused == set()
    asked = set(re.findall(r'SQL\["(\w+)"\]', source)) | set(re.findall(r'_read\("(\w+)"', source))
    assert asked <= SQL.keys()


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [
        ("get_run", "SCAN"),
        ("activities", "SCAN r"),
        ("claimable", "SCAN runs"),
        ("claimable", "TEMP B-TREE"),
        ("claimable_run", "SCAN"),
        ("lapsed_holders", "SCAN runs"),
        ("next_wake", "SCAN runs"),
        ("free_runs", "SCAN"),
        ("pending", "SCAN"),
        ("links_to_undo", "SCAN h"),
        ("last_link", "SCAN"),
        ("list_runs", "TEMP B-TREE"),
    ],
)
def test_no_query_walks_a_whole_table(path: Path, name: str, forbidden: str) -> None:
    query = SQL[name].replace("{status}", "TRUE")
    names = re.findall(r":(\w+)", query)
    values: object = dict.fromkeys(names, 1) if names else [1] * query.count("?")
    with opened(path) as store:
        plan = store._reader.execute("EXPLAIN QUERY PLAN " + query, values).fetchall()  # type: ignore[arg-type]
    details = [row[3] for row in plan]
    assert not [detail for detail in details if forbidden in detail], details


def test_a_step_touches_no_index(path: Path) -> None:
    with opened(path) as store:
        program = store._reader.execute("EXPLAIN " + SQL["step"], [1] * 6).fetchall()
    writes = [row for row in program if row[1] in ("IdxInsert", "IdxDelete")]
    assert writes == []


def test_open_store_makes_this_store(path: Path) -> None:
    with open_store(f"sqlite:///{path}") as store:
        assert isinstance(store, SqliteStore)
