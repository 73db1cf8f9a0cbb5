"""An import of visits that is killed leaves nothing half-visible, wherever the kill falls."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from layers.embedded import EmbeddedStore
from tests.layers.ledger_samples import REGION, bring, told

ROOT = Path(__file__).resolve().parents[2]
ONE = {"identity": "u1", "site_id": "s1", "seen": {"HG-RET": "used"}}
TWO = {"identity": "u2", "site_id": "s2", "seen": {"HG-RET": "not used"}}

# Kills itself at a chosen moment of adding the second batch.
VICTIM = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from layers import embedded, files
from layers.ledger import batches
from tests.layers.ledger_samples import bring
from tests.layers.test_ledger_crash import ONE, TWO

store, moment = embedded.EmbeddedStore(Path(sys.argv[1])), sys.argv[2]

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def after(function, *, times=1):
    def wrapped(*args, **kwargs):
        nonlocal times
        result = function(*args, **kwargs)
        times -= 1
        if not times:
            die()
        return result
    return wrapped

if moment == "after the visits":
    store.files.put = after(store.files.put)
elif moment == "after the observations":
    store.files.put = after(store.files.put, times=2)
elif moment == "inside the transaction":
    batches._index = after(batches._index)
elif moment == "before the commit":
    sa.event.listen(store.engine, "commit", die)
bring(store, [ONE, TWO], filename="second.csv")
print("acknowledged")
"""


@pytest.mark.parametrize(
    "moment",
    ["after the visits", "after the observations", "inside the transaction", "before the commit"],
)
def test_an_import_of_visits_killed_at_this_moment_is_not_seen(
    moment: str, empty_store: EmbeddedStore
) -> None:
    bring(empty_store, [ONE])
    victim = subprocess.run(
        [sys.executable, "-c", VICTIM, str(empty_store.home), moment],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        timeout=60,
    )
    assert victim.returncode == -signal.SIGKILL
    assert victim.stdout == b""

    after = EmbeddedStore(empty_store.home)
    assert told(after, "visit_id") == [("u1",)]
    assert len(after.batches(REGION, taken_off=True)) == 1
    assert all(check.ok for check in after.examine(clean=True))
    assert bring(after, [ONE, TWO], filename="second.csv").added == 1
    assert told(after, "visit_id") == [("u1",), ("u2",)]
    assert after.examine()[3].sentences == ("No leftovers.",)
