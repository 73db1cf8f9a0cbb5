"""Bringing data in, and choosing which version of a layer is shown."""

from collections.abc import Sequence
from pathlib import Path

from dashboard.workflows.types import Progress
from layers import facts, importing, read
from layers.catalogue import Layer, LayerVersion
from layers.importing import ImportReport, ImportRequest
from layers.store import Store, StoreError


def inspect_upload(path: str | Path, *, filename: str) -> read.Inspection:
    """What is in a file: its layers, columns, samples and declared CRS.

    Raises layers.read.ReadError, one plain sentence, where the file is refused.
    """
    return read.inspect(Path(path), filename=filename)


def suggest_import(
    inspection: read.Inspection, *, source_layer: str | None, kind: str, region_id: str
) -> read.Suggestion:
    """A mapping of columns and classes to be confirmed by a person before it is used."""
    layer = inspection.layer(source_layer)
    return read.suggest(layer, kind=facts.kind(kind), region=facts.region(region_id))


def check_import(
    store: Store,
    path: str | Path,
    request: ImportRequest,
    *,
    filename: str,
    progress: Progress | None = None,
) -> ImportReport:
    """The findings of an import, without importing anything; status "ready" = nothing stops it."""
    _known(request)
    return importing.check_import(store, path, request, filename=filename, progress=progress)


def run_import(
    store: Store,
    path: str | Path,
    request: ImportRequest,
    *,
    filename: str,
    actor: str = "local",
    progress: Progress | None = None,
) -> ImportReport:
    """Import a file as a new version of its layer; `report.status` says what became of it."""
    _known(request)
    return importing.run_import(
        store, path, request, filename=filename, actor=actor, progress=progress
    )


def layer(store: Store, layer_id: str) -> Layer:
    """One layer that is shown; StoreError with a sentence where there is none."""
    found = store.layer(layer_id)
    if found.current is None:
        raise StoreError(
            f"Layer '{found.name}' was deleted. `python -m dashboard rollback {layer_id}` "
            "brings it back."
        )
    return found


def layer_versions(store: Store, layer_id: str) -> tuple[LayerVersion, ...]:
    """Every version of a layer, newest first; those of a deleted layer too."""
    return store.versions(layer_id)


def roll_back(
    store: Store, layer_id: str, *, version: str | int | None = None, actor: str = "local"
) -> LayerVersion:
    """Make a version current, by number or id.

    None = the version before the current one; for a deleted layer, the one it showed last.
    """
    versions = store.versions(layer_id)
    chosen = _chosen(store, layer_id, versions, version)
    return store.set_current(layer_id, chosen.version_id, actor=actor)


def delete_layer(store: Store, layer_id: str, *, actor: str = "local") -> Layer:
    """Take a layer off every page, map and analysis.

    Its versions and originals stay in the store, and `roll_back` brings it back.
    """
    return store.delete_layer(layer_id, actor=actor)


def _known(request: ImportRequest) -> None:
    """Refuse an unknown region or kind before any work is done."""
    facts.region(request.read.region_id)
    facts.kind(request.read.kind)


def _chosen(
    store: Store, layer_id: str, versions: Sequence[LayerVersion], version: str | int | None
) -> LayerVersion:
    found = store.layer(layer_id)
    if version is not None:
        wanted = str(version).strip().removeprefix("v")
        for one in versions:
            if wanted in (str(one.number), one.version_id):
                return one
        numbers = ", ".join(str(one.number) for one in reversed(versions))
        raise StoreError(f"Layer '{found.name}' has no version {version}. It has: {numbers}.")
    if found.current is None:
        last = next(e.version_id for e in store.audit(layer_id) if e.action == "delete")
        return next(one for one in versions if one.version_id == last)
    before = [one for one in versions if one.number < found.current.number]
    if not before:
        raise StoreError(
            f"Layer '{found.name}' shows version {found.current.number}; there is none before it."
        )
    return before[0]
