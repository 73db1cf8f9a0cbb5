"""One filter of conflicts for table, map and address."""

import datetime as dt
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import maps
from dashboard.workflows import WorkflowError
from dashboard.workflows.conflict_filter import ConflictFilter, filter_of
from layers.facts import region

NAMES = st.lists(st.text(min_size=1, max_size=8).filter(lambda t: t.isprintable()), max_size=3).map(
    tuple
)
IDS = st.lists(st.text("abcXYZ019_.-", min_size=1, max_size=8), max_size=3).map(tuple)
SIZES = st.none() | st.floats(0, 1e6).map(lambda size: round(size, 3))


FILTERS = st.builds(
    ConflictFilter,
    verdicts=IDS,
    rules=IDS,
    districts=NAMES,
    statuses=NAMES,
    licences=NAMES,
    min_ha=SIZES,
    max_ha=SIZES,
)


@given(FILTERS)
def test_an_address_carries_a_filter_whole(chosen: ConflictFilter) -> None:
    address = urlencode([("region", "tarkwa"), *chosen.query()])
    assert filter_of(parse_qsl(address)) == chosen


@pytest.mark.parametrize("size", ["many", "nan", "inf"])
def test_a_size_that_is_no_number_is_refused_in_words(size: str) -> None:
    with pytest.raises(WorkflowError, match="'min_ha' must be a number of hectares"):
        filter_of([("min_ha", size)])


def _run(count: int) -> Any:
    table = pd.DataFrame(
        {
            "conflict_id": [f"{number:016x}" for number in range(count)],
            "rule_id": np.where(np.arange(count) % 2, "A", "B"),
            "rule_status": "ours",
            "verdict": np.where(np.arange(count) % 4, "too_close", "inside"),
            "district": None,
            "area_ha": np.arange(count, dtype="float64"),
            "licence_state": None,
        }
    )
    return SimpleNamespace(
        region_id="tarkwa", fingerprint="0123456789abcdef", as_of=dt.date(2025, 6, 1),
        scenarios=(), table=table, demonstration=False,
    )  # fmt: skip


def _message(run: Any, chosen: ConflictFilter) -> dict[str, Any]:
    conflicts = maps.map_conflicts(run, chosen=chosen)
    message = maps._message(maps.map_spec(region("tarkwa"), conflicts=conflicts), base="")
    told: dict[str, Any] = message["conflicts"]
    return told


def test_a_small_run_is_filtered_in_the_browser_without_a_new_address() -> None:
    run = _run(40)
    whole = _message(run, ConflictFilter())
    some = _message(run, ConflictFilter(rules=("A",), verdicts=("inside",)))
    assert whole["vector"] is None
    assert some["url"] == whole["url"]
    assert (some["rules"], some["verdicts"], some["shown"]) == (["A"], ["inside"], None)
    least = _message(run, ConflictFilter(min_ha=38, rules=("A",)))
    assert least["url"] == whole["url"]
    assert least["shown"] == [f"{38:016x}", f"{39:016x}"]


def test_a_large_run_is_filtered_by_the_server_except_by_verdict() -> None:
    run = _run(maps.VECTOR_ABOVE * 3)
    whole = _message(run, ConflictFilter())
    inside = _message(run, ConflictFilter(verdicts=("inside",)))
    assert inside["vector"] == whole["vector"] is not None
    assert inside["verdicts"] == ["inside"]
    ruled = _message(run, ConflictFilter(rules=("A",)))
    assert "rules=A" in ruled["vector"]
    assert ruled["rules"] is ruled["shown"] is None


def test_what_a_filter_leaves_of_a_large_run_comes_as_points_where_it_is_few() -> None:
    run = _run(maps.VECTOR_ABOVE * 3)
    few = _message(run, ConflictFilter(max_ha=99))
    assert few["vector"] is None
    assert "max_ha=99" in few["url"]
    assert few["shown"] is None
    assert len(filter_of(parse_qsl(few["url"].partition("?")[2])).rows(run.table)) == 100
