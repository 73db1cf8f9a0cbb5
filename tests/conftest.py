"""Shared by all tests: where the real data lies, and what to say where it does not."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REAL = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real data; skips, with a reason, where it is absent."""
    if not REAL.is_dir():
        pytest.skip("the real data set is not beside this checkout (licences forbid shipping it)")
    return REAL
