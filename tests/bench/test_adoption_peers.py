"""Adoption tables against DuckDB and pandas, which know nothing of ours, on a small ledger."""

from pathlib import Path

import pandas as pd
import pytest

from bench import adoption
from bench.adoption_ledger import Shape, make_ledger, read_ledger, write_ledger

SMALL = Shape(observations=3_000, practices=24, sites=120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small ledger, and what each engine makes of it."""
    home = tmp_path_factory.mktemp("adoption")
    write_ledger(SMALL, home)
    for engine in adoption.ENGINES:
        adoption.worker(engine, home, SMALL)
    return home


def test_every_count_is_that_of_pandas_and_of_duckdb(folder: Path) -> None:
    assert len(adoption.counts_of("common ground", folder)) > 3_000
    assert adoption.differences(folder) == []


def test_a_count_that_differs_is_seen(folder: Path) -> None:
    path = folder / "pandas.parquet"
    table = pd.read_parquet(path)
    try:
        table.assign(used=table["used"] + (table.index == 5)).to_parquet(path)
        assert "pandas: 1 rows count otherwise" in adoption.differences(folder)[0]
        table[table["round"] != "all"].to_parquet(path)
        assert "rows are only in ours" in adoption.differences(folder)[0]
    finally:
        table.to_parquet(path)


def test_the_ledger_is_the_same_every_time_and_comes_back_from_its_files(folder: Path) -> None:
    ledger, known = make_ledger(SMALL)
    again, known_again = read_ledger(folder)
    pd.testing.assert_frame_equal(ledger.visits, again.visits)
    pd.testing.assert_frame_equal(ledger.observations, again.observations)
    pd.testing.assert_frame_equal(known, known_again)


def test_intervals_of_samples_are_those_of_duckdb(folder: Path) -> None:
    ours = pd.read_parquet(folder / "common ground.parquet")
    ours["area"] = ours["area"].where(ours["by"] != "sex", ours["area_id"])
    theirs = pd.read_parquet(folder / "duckdb.parquet")
    rated = ours[ours["rate"].notna() & ~ours["census"]]
    both = rated.merge(theirs, on=adoption.KEYS, suffixes=("", "_peer"))
    assert len(both) == len(rated) > 0
    for end in ("low", "high"):
        pd.testing.assert_series_equal(both[end], both[f"{end}_peer"], check_names=False)
