"""A run on a cluster is a run on this machine, bit for bit, whoever dies on the way."""

import os
import signal
import threading
import time

import pandas as pd
import pytest

from geo import parts
from geo.parts import find_in_parts, on_threads
from layers.cluster import ClusterError, on_cluster
from tests.layers.parted_world import country, work, written

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory):
    """Files of parts, comparisons, and the table of a run on threads."""
    layers = country(mines=400, fields=4_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "PART_FEATURES", 60)
        patch.setattr(parts, "PART_VERTICES", 6_000)
        files = written(layers, tmp_path_factory.mktemp("parts"))
    return files, work(layers), find_in_parts(files, work(layers), run=on_threads(1))


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_two_capped_workers_give_the_table_of_threads(world) -> None:
    files, comparisons, expected = world
    with on_cluster("local:2", worker_bytes=600_000_000) as run:
        same(find_in_parts(files, comparisons, run=run), expected)


def test_a_worker_that_is_killed_changes_nothing(world) -> None:
    from distributed import Client, LocalCluster

    files, comparisons, expected = world
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=40,
        ) as cluster,
        Client(cluster) as client,
        on_cluster(cluster.scheduler_address) as run,
    ):
        victim = next(iter(client.run(os.getpid).values()))
        done = []

        def kill() -> None:
            while len(done) < 5:
                time.sleep(0.01)
            os.kill(victim, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        found = find_in_parts(
            files, comparisons, run=run, progress=lambda part, _: done.append(part)
        )
        killer.join()
        survivors = set(client.run(os.getpid).values())
    assert victim not in survivors
    same(found, expected)


@pytest.mark.parametrize("address", ["local:0", "local:two", "local:"])
def test_an_address_without_workers_is_refused(address: str) -> None:
    with pytest.raises(ClusterError, match="names no number of workers"), on_cluster(address):
        pass


def test_a_scheduler_that_does_not_answer_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("layers.cluster.CONNECT_S", 1)
    with (
        pytest.raises(ClusterError, match="No Dask scheduler answers"),
        on_cluster("tcp://127.0.0.1:9"),
    ):
        pass
