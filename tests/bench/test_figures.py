"""What the benchmark compares and measures with: sentences, seconds, megabytes, pieces."""

import os
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from bench import landscape, meter, report
from bench.pairs import counts, differences, tidy
from bench.peers import cut


def pairs(**changed: object) -> pd.DataFrame:
    rows = {
        "rule_id": ["a", "a", "b"],
        "subject_id": ["S1", "S2", "L1"],
        "object_id": ["L1", None, "F1"],
        "verdict": ["inside", "too_close", "inside"],
        "line": [None, "inner", None],
        "area_ha": [np.nan, np.nan, 2.0],
    }
    return tidy(pd.DataFrame(rows | changed))


def test_equal_pairs_differ_in_nothing() -> None:
    assert differences(pairs(), pairs(), name="peer") == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"object_id": ["L2", None, "F1"]}, "a, peer: 1 pairs only here, such as S1-L1."),
        ({"object_id": ["L2", None, "F1"]}, "a, peer: 1 pairs only there, such as S1-L2."),
        ({"verdict": ["inside", "inside", "inside"]}, "1 with another verdict, such as S2."),
        ({"line": [None, "outer", None]}, "1 with another line, such as S2."),
        ({"area_ha": [np.nan, np.nan, 2.00001]}, "2 ha here, 2.00001 ha there."),
        ({"area_ha": [np.nan, np.nan, np.nan]}, "with an area on one side only, such as L1-F1."),
        ({"subject_id": ["S1", "S1", "L1"], "object_id": ["L1", "L1", "F1"]}, "stands twice there"),
    ],
)
def test_a_difference_is_told_in_a_sentence(changed: dict[str, object], words: str) -> None:
    assert any(words in line for line in differences(pairs(), pairs(**changed), name="peer"))


def test_areas_may_differ_by_less_than_one_in_a_million() -> None:
    close = pairs(area_ha=[np.nan, np.nan, 2.000001])
    assert differences(pairs(), close, name="peer") == []


def test_a_rule_without_areas_counts_no_hectares() -> None:
    counted = counts(pairs())
    assert counted.loc["a", ["pairs", "inside", "too_close"]].tolist() == [2, 1, 1]
    assert np.isnan(counted.loc["a", "area_ha"])
    assert counted.loc["b", "area_ha"] == 2.0


def test_cpu_of_a_child_that_has_ended_is_counted() -> None:
    before = meter.cpu_s(os.getpid())
    busy = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    spent = meter.cpu_s(os.getpid()) - before
    assert 0.45 < spent < 2


def test_memory_of_a_grandchild_is_counted() -> None:
    hold = "import time; kept = bytearray(100 * 2**20); time.sleep(1.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    with subprocess.Popen([sys.executable, "-c", parent]) as child, meter.Peak(child.pid) as peak:
        child.wait()
    assert 100 < peak.peak_mb < 200


def test_a_process_that_is_gone_has_used_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    time.sleep(0.01)
    assert meter.cpu_s(child.pid) == 0
    assert meter.memory_kb(child.pid) == 0


def test_pieces_of_an_outline_make_up_the_whole(tmp_path: Path) -> None:
    circle = shapely.Point(0, 0).buffer(10, quad_segs=64)
    holed = shapely.box(20, 0, 30, 10) - shapely.box(22, 2, 24, 4)
    line = shapely.LineString([(0, 0), (1, 0), (2, 0)])
    features = gpd.GeoDataFrame({"feature_id": ["A", "B", "C"]}, geometry=[circle, holed, line])
    features.to_parquet(tmp_path / "a.parquet")
    found = cut.outlines(tmp_path / "a.parquet", most_segments=10).to_pandas()
    pieces = gpd.GeoSeries.from_wkb(found["wkb"])
    assert pieces.count_coordinates().max() == 11
    assert found["id"].value_counts().to_dict() == {"A": 26, "B": 2, "C": 1}
    lengths = pieces.length.groupby(found["id"]).sum()
    assert lengths.to_dict() == pytest.approx({"A": circle.length, "B": 48.0, "C": 2.0})


def test_the_ratio_is_the_median_of_the_peer_over_ours() -> None:
    def run(seconds: float) -> report.Run:
        return dict.fromkeys(report.FIGURES, seconds) | {"versions": "1"}

    runs = {
        "common ground": [run(1.0), run(2.0), run(30.0)],
        "geopandas": [run(10.0), run(20.0), run(1.0)],
    }
    assert "| geopandas | 1 : 5.0 |" in report.ratios(runs)


def test_a_document_without_a_place_for_the_figures_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("Nothing here.")
    with pytest.raises(ValueError, match="has no place for size M"):
        report.put(document, "M", "text")


def test_the_country_is_the_same_each_time_and_its_mines_follow_rivers() -> None:
    first, again = (landscape.landscape(landscape.SIZES["XS"]) for _ in range(2))
    for kind, features in first.items():
        assert features.equals(again[kind]), kind
    rivers = first["water"].geometry[first["water"].geom_type == "LineString"].union_all()
    near = first["mine_sites"].distance(rivers) < 500
    assert near.mean() > 0.6
    assert first["licences"].count_coordinates().max() > 2_000
