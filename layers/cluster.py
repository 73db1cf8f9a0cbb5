"""Carrying out tasks of the conflict engine on a Dask cluster.

A worker is given a task and the addresses of the layers' files; it reads what it needs itself, from
a folder all machines see or from object storage. A task depends on nothing else, so Dask may run it
again elsewhere when a worker dies, and the table is that of a run on this machine, bit for bit.
"""

import contextlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from geo.errors import GeoError
from geo.parts import Found, Layers, Run, Task, run_task

CONNECT_S = 20
"""How long to wait for the scheduler before saying that it does not answer."""

RETRIES = 3
"""How often a task may lose its worker before the run is given up."""


class ClusterError(GeoError):
    """The cluster cannot be used; the message says why and what to do."""


@contextlib.contextmanager
def on_cluster(address: str, *, worker_bytes: int | None = None) -> Iterator[Run]:
    """A way to carry out tasks on a cluster: `tcp://host:port`, or `local:N` for N processes here.

    `worker_bytes` caps the memory of each local worker. Raises ClusterError where the address is
    none, or nobody answers there.
    """
    with _client(address, worker_bytes) as client:
        yield lambda tasks, layers, subjects: _results(client, tasks, layers, subjects)


@contextlib.contextmanager
def _client(address: str, worker_bytes: int | None) -> Iterator[Any]:
    from distributed import Client, LocalCluster  # noqa: PLC0415 - takes a second to import

    if address.startswith("local:"):
        count = address.removeprefix("local:")
        if not count.isdigit() or int(count) < 1:
            raise ClusterError(f"'{address}' names no number of workers. Write local:2, say.")
        with (
            LocalCluster(
                n_workers=int(count),
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                memory_limit=worker_bytes or "auto",
                silence_logs=logging.CRITICAL,  # a worker that ends is told of by us
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(address, timeout=CONNECT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"No Dask scheduler answers at '{address}'. Start one with `dask scheduler` and give "
            "its address (tcp://host:8786), or use local:2 for two processes of this machine."
        ) from error
    with client:
        yield client


def _results(
    client: Any, tasks: Sequence[Task], layers: Layers, subjects: Layers
) -> Iterable[Found]:
    from distributed import as_completed  # noqa: PLC0415
    from distributed.scheduler import KilledWorker  # noqa: PLC0415

    futures = [
        client.submit(
            run_task,
            task,
            _used(task, layers),
            subjects=_used(task, subjects),
            pure=False,
            retries=RETRIES,
        )
        for task in tasks
    ]
    try:
        for future in as_completed(futures):
            yield future.result()
            future.release()
    except KilledWorker as error:
        raise ClusterError(
            "A part of the work ended its worker several times, most likely for lack of memory. "
            "Give the workers more (at least 1 GB each) and run it again; nothing was changed."
        ) from error


def _used(task: Task, layers: Layers) -> Layers:
    """The layers a task reads: no more than their addresses travels."""
    names = {task.subject_layer, *task.object_layers}
    return {name: layer for name, layer in layers.items() if name in names}
