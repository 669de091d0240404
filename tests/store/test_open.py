"""Addresses: which open a store, and what the others are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from perdure.store import StoreError, open_store


def test_three_slashes_are_relative_four_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub folder").mkdir()
    for url in ("sqlite:///a.db", "sqlite:///sub folder/b%20#.db", f"sqlite:///{tmp_path}/c.db"):
        with open_store(url) as store:
            assert store.url == url
    assert (tmp_path / "a.db").is_file()
    assert (tmp_path / "sub folder" / "b%20#.db").is_file()
    assert (tmp_path / "c.db").is_file()


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("shop.db", "is not the address of a store. For a file, write: sqlite:///shop.db"),
        ("/var/shop.db", "write: sqlite:////var/shop.db"),
        ("", "write: sqlite:///perdure.db"),
        ("sqlite", "is not the address of a store"),
        ("sqlite:shop.db", "Write: sqlite:///shop.db"),
        ("sqlite://shop.db", "Write: sqlite:///shop.db"),
        ("sqlite:///", "names no file. Write, for example: sqlite:///perdure.db"),
        ("sqlite:///folder/", "Write, for example: sqlite:///folder/perdure.db"),
        ("sqlite:///:memory:", "a store in memory would forget"),
        ("sqlite:///a.db?mode=ro", "takes no options"),
        ("postgresql://host/db", "not there yet in this version"),
        ("postgres://host/db", "not there yet in this version"),
        ("mysql://host/db", "no store is known by 'mysql://'. Known are: sqlite:///"),
    ],
)
def test_other_addresses_are_told_what_to_write(
    url: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError) as error:
        open_store(url)
    assert text in str(error.value)
    assert list(tmp_path.iterdir()) == []
