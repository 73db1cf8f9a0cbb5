"""Short ways to bring a file to the reader."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from layers.read import ReadReport, ReadRequest, read
from tests.corpus import Bring


@pytest.fixture
def bring(tmp_path: Path) -> Bring:
    """`bring(content or path, filename, kind=…, region_id=…, …)`: the report and the frame."""

    def run(
        content: bytes | str | Path, filename: str = "sites.csv", **asked: Any
    ) -> tuple[ReadReport, gpd.GeoDataFrame | None]:
        if isinstance(content, Path):
            path = content
        else:
            path = tmp_path / "brought"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        asked = {"region_id": "ituri", "kind": "mine_sites", "accept_suggestions": True} | asked
        report = read(path, ReadRequest(**asked), filename=filename, out=tmp_path / "out")
        counts = report.counts
        assert counts["read"] == counts["imported"] + counts["repaired"] + counts["rejected"]
        frame = None if report.features is None else gpd.read_parquet(report.features)
        assert (frame is None) == (not report.ok)
        return report, frame

    return run
