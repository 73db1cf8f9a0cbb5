"""The doctor sees what is wrong with the files of visits, and the same file mends them."""

import io
import sqlite3

import pytest

from layers.doctor import Check
from layers.embedded import EmbeddedStore
from layers.store import StoreError
from tests.layers.ledger_samples import REGION, bring, states

ONE = {"identity": "u1", "site_id": "s1", "seen": {"HG-RET": "used"}}
TWO = {"identity": "u2", "site_id": "s2", "seen": {"HG-RET": "not used"}}
OTHER = ONE | {"seen": {"HG-RET": "not used"}}


@pytest.fixture
def store(empty_store: EmbeddedStore) -> EmbeddedStore:
    bring(empty_store, [ONE])
    bring(empty_store, [OTHER, TWO], filename="second.csv")
    return empty_store


def _check(store: EmbeddedStore, name: str, *, clean: bool = False) -> Check:
    return next(check for check in store.examine(clean=clean) if check.name == name)


def test_a_whole_ledger_is_told_in_counts(store: EmbeddedStore) -> None:
    store.take_batch_off(store.batches(REGION)[1].batch_id, why="test", actor="kofi")
    check = _check(store, "ledger")
    assert check.ok
    assert "2 imports of visits, 1 of them taken off" in check.sentences[0]
    assert "1 visits with 1 observations count" in check.sentences[0]
    assert all(one.ok for one in store.examine())
    assert _check(store, "leftovers").sentences == ("No leftovers.",)


@pytest.mark.parametrize("damaged", ["missing", "changed"])
@pytest.mark.parametrize("which", ["visits", "observations"])
def test_a_lost_file_is_told_and_the_same_file_brings_it_back(
    store: EmbeddedStore, damaged: str, which: str
) -> None:
    before = states(store)
    name = next(n for n in store.files.names("ledger") if f".{which}." in n and _of(store, n, 2))
    path = store.files.path(name)
    if damaged == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-3])
    check = _check(store, "ledger")
    assert not check.ok
    assert name in check.sentences[0]
    assert "second.csv" in check.sentences[0]
    store.close()
    again = EmbeddedStore(store.home)
    with pytest.raises(StoreError, match=f"{damaged if damaged == 'missing' else 'damaged'}"):
        again.ledger(REGION)
    assert bring(again, [OTHER, TWO], filename="second.csv").added == 0
    assert _check(again, "ledger").ok
    assert states(again) == before


def _of(store: EmbeddedStore, name: str, number: int) -> bool:
    batch = next(one for one in store.batches(REGION) if one.number == number)
    return batch.batch_id.rpartition(".")[2] in name


def test_an_index_that_lost_a_row_is_told(store: EmbeddedStore) -> None:
    with sqlite3.connect(store.home / "catalogue.sqlite") as raw:
        raw.execute("DELETE FROM visit_identity WHERE identity = 'u2'")
    assert "0 of its visits are known as counting, 1 should be" in " ".join(
        _check(store, "ledger").sentences
    )


def test_files_nobody_points_to_are_removed_on_request(store: EmbeddedStore) -> None:
    store.files.put(f"ledger/{REGION}/abc.visits.parquet", io.BytesIO(b"left behind"))
    assert "abc.visits.parquet" in _check(store, "leftovers").sentences[0]
    assert "Removed" in _check(store, "leftovers", clean=True).sentences[0]
    assert _check(store, "leftovers").sentences == ("No leftovers.",)
    assert len(list(store.files.names("ledger"))) == 4
    assert _check(store, "ledger").ok
