"""Every engine of the benchmark answers alike: in a country done in the head and in a larger."""

from pathlib import Path

import pandas as pd
import pytest

from bench import peers
from bench.conflicts import main, once
from bench.country import country_files
from bench.pairs import counts, differences
from bench.peers import MODULES, OURS
from bench.questions import RULE_IDS
from tests.bench import tiny_country as tiny

OTHERS = [name for name in MODULES if name != OURS]


def answered(engine: str, country: Path, folder: Path) -> pd.DataFrame:
    """The pairs of one run in a process of its own; skips with the reason where it cannot run."""
    reason = peers.engine(engine).missing()
    if reason:
        pytest.skip(reason)
    result = folder / "pairs.parquet"
    once(engine, country, result, threads=2)
    return pd.read_parquet(result)


@pytest.fixture(scope="module")
def tiny_country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    folder.chmod(0o755)
    tiny.write(folder)
    return folder


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return answered(OURS, country_files("S"), tmp_path_factory.mktemp("ours"))


@pytest.mark.parametrize("engine", MODULES)
def test_an_engine_finds_what_is_found_in_the_head(
    engine: str, tiny_country: Path, tmp_path: Path
) -> None:
    pairs = answered(engine, tiny_country, tmp_path)
    keys = list(
        zip(pairs["rule_id"], pairs["subject_id"], pairs["object_id"].fillna(""), strict=True)
    )
    assert dict(zip(keys, pairs["verdict"], strict=True)) == tiny.ANSWERS
    areas = dict(zip(keys, pairs["area_ha"], strict=True))
    assert {key: area for key, area in areas.items() if not pd.isna(area)} == pytest.approx(
        tiny.AREAS_HA, rel=1e-9
    )
    lines = dict(zip(keys, pairs["line"], strict=True))
    assert {key: line for key, line in lines.items() if not pd.isna(line)} == tiny.LINES


@pytest.mark.parametrize("engine", OTHERS)
def test_an_engine_agrees_with_ours_pair_by_pair(
    engine: str, ours: pd.DataFrame, tmp_path: Path
) -> None:
    theirs = answered(engine, country_files("S"), tmp_path)
    assert differences(ours, theirs, name=engine) == []


def test_every_rule_finds_something_in_the_country(ours: pd.DataFrame) -> None:
    counted = counts(ours)
    assert set(counted.index) == set(RULE_IDS)
    assert (counted["pairs"] > 0).all()


def test_the_benchmark_prints_figures_ratios_and_its_verdict(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    document = tmp_path / "figures.md"
    document.write_text("Before.\n<!-- bench XS -->\nearlier figures\n<!-- /bench XS -->\nAfter.\n")
    asked = ["--size", "XS", "--runs", "1", "--engines", OURS, "geopandas"]
    assert main([*asked, "--write", str(document)]) == 0
    printed = capsys.readouterr().out
    assert "| geopandas | 1 : " in printed
    assert "each with the same verdict" in printed
    text = document.read_text()
    assert text.startswith("Before.\n")
    assert text.endswith("After.\n")
    assert "earlier figures" not in text
    assert printed.strip() in text
