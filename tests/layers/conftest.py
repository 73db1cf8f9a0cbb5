"""A store that is made once and copied: the migrations run once, not for every test."""

import shutil
from pathlib import Path

import pytest

from layers.embedded import EmbeddedStore


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an empty store that nobody has open."""
    home = tmp_path_factory.mktemp("made") / "home"
    EmbeddedStore(home).close()
    return home


@pytest.fixture
def empty_store(made_home: Path, tmp_path: Path) -> EmbeddedStore:
    """A store of its own for a test, with the newest schema and nothing in it."""
    shutil.copytree(made_home, tmp_path / "home")
    return EmbeddedStore(tmp_path / "home")
