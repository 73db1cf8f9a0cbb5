"""An import that is killed leaves nothing half-visible, wherever the kill falls."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from layers.embedded import EmbeddedStore
from tests.layers.samples import add, square

ROOT = Path(__file__).resolve().parents[2]
WATER = {"region_id": "tarkwa", "kind": "water", "name": "Rivers"}

# Kills itself at a chosen moment of adding the second version.
VICTIM = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from layers import embedded, files, records
from tests.layers.samples import add, square

home, moment = Path(sys.argv[1]), sys.argv[2]
store = embedded.EmbeddedStore(home)

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def after(function):
    def wrapped(*args, **kwargs):
        result = function(*args, **kwargs)
        die()
        return result
    return wrapped

if moment == "while writing bytes":
    os.fsync = die
elif moment == "before the rename":
    files.LocalFiles._publish = die
elif moment == "after the original":
    store.put_original = after(store.put_original)
elif moment == "after the features":
    store.files.put = after(store.files.put)
elif moment == "inside the transaction":
    records.point = after(records.point)
elif moment == "before the commit":
    sa.event.listen(store.engine, "commit", die)
add(store, [{"feature_id": "b", "geometry": square(1, 1, size=1)}], region_id="tarkwa",
    kind="water", name="Rivers")
print("acknowledged")
"""

MOMENTS = [
    "while writing bytes",
    "before the rename",
    "after the original",
    "after the features",
    "inside the transaction",
    "before the commit",
]


def _run(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_import_killed_at_this_moment_is_not_seen(moment: str, tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    first = add(store, [{"feature_id": "a", "geometry": square(0, 0, size=1)}], **WATER)
    victim = _run(VICTIM, str(tmp_path), moment)
    told, _ = victim.communicate(timeout=60)
    assert victim.returncode == -signal.SIGKILL
    assert told == ""

    after = EmbeddedStore(tmp_path)
    assert after.layer(first.layer_id).current == first
    assert len(after.versions(first.layer_id)) == 1
    assert len(after.audit()) == 1
    assert all(check.ok for check in after.examine(clean=True))
    second = add(after, [{"feature_id": "b", "geometry": square(1, 1, size=1)}], **WATER)
    assert second.number == 2
    assert after.examine()[3].sentences == ("No leftovers.",)


BUSY = """
import sys
from pathlib import Path
from layers.embedded import EmbeddedStore
from tests.layers.samples import add, square

store = EmbeddedStore(Path(sys.argv[1]))
for turn in range(10_000):
    # content is what identifies a version: no two may be alike, or an old number comes back
    name = f"{sys.argv[2]}-{turn}"
    version = add(store, [{"feature_id": name, "geometry": square(turn % 90, 1, size=1)}],
                  region_id="tarkwa", kind="water", name="Rivers")
    print(version.number, flush=True)
"""


def test_whatever_was_acknowledged_survives_a_kill_at_any_time(tmp_path: Path) -> None:
    chance = random.Random(7)
    for number in range(3):
        worker = _run(BUSY, str(tmp_path), str(number))
        assert worker.stdout is not None
        told = [worker.stdout.readline()]
        time.sleep(0.1 + 0.3 * chance.random())
        worker.kill()
        told += worker.stdout.read().split("\n")
        worker.wait()
        acknowledged = max(int(line) for line in told if line.strip())
        store = EmbeddedStore(tmp_path)
        newest = store.versions("tarkwa.water.rivers")[0]
        # one more may have been committed before it could be told
        assert newest.number in (acknowledged, acknowledged + 1)
        assert store.layer("tarkwa.water.rivers").current == newest
        assert all(check.ok for check in store.examine(clean=True))
