"""From a file of visits to the ledger: read in the worker, planned, told, and only then kept."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geo.adoption.frames import APPLICABLE_STATES, Ledger, round_labels
from layers import facts
from layers.facts import DATA
from layers.files import CHUNK
from layers.findings import Finding
from layers.importing import QUESTIONS
from layers.ledger.records import BatchReport, VisitBatch
from layers.practices import practices
from layers.read import Limits, ReadError, read_tables
from layers.store import Store
from layers.visits.form import site_visit_form
from layers.visits.ground import RegionGround, districts_at
from layers.visits.model import Status, VisitPlan, VisitReport, VisitRequest
from layers.visits.plan import Known, plan_visits
from layers.visits.words import visit_words

Progress = Callable[[float, str], None]
VISIT_QUESTIONS = (
    *QUESTIONS,
    "table_to_choose",
    "practices_missing",
    "states_to_confirm",
    "places_to_confirm",
    "sites_to_confirm",
    "state_not_known",
    "place_not_known",
    "selection_not_known",
)
"""Codes of blocking findings that another answer settles; the others need another file."""


def check_visits(
    store: Store,
    path: str | Path,
    request: VisitRequest,
    *,
    filename: str,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> VisitReport:
    """The report of an import of visits without importing: "ready" where nothing would stop it."""
    with store.workspace() as folder:
        found = _planned(
            store, Path(path), request, folder,
            filename=filename, limits=limits, progress=progress,
        )  # fmt: skip
        if isinstance(found, VisitReport):
            return found
        report = _report(found, request, filename)
        if report.status == "ready":
            text = f"'{filename}' can be imported: {_counts(report)} Nothing was imported: this "
            return replace(report, message=f"{text}was a check.")
        return report


def import_visits(
    store: Store,
    path: str | Path,
    request: VisitRequest,
    *,
    filename: str,
    actor: str = "local",
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> VisitReport:
    """Enter the visits of a file into the ledger; each is there once, however often it comes.

    A visit that is there with other content is held and shown, never overwritten. Raises
    StoreError where the store cannot be written.
    """
    with store.workspace() as folder:
        found = _planned(
            store, Path(path), request, folder,
            filename=filename, limits=limits, progress=progress,
        )  # fmt: skip
        if isinstance(found, VisitReport):
            return found
        report = _report(found, request, filename)
        if report.status != "ready":
            return report
        with (folder / "original").open("rb") as original:
            sha256 = store.put_original(original)
        batch = store.add_visits(_batch(found, request, filename, sha256, actor))
        return _imported(report, batch)


def known_of(store: Store, region_id: str) -> Known:
    """What visits of a region are planned against, as its layers are now."""
    return Known(
        region=facts.region(region_id),
        ground=ground_of(store, region_id),
        form=site_visit_form(),
        words=visit_words(),
        practices=practices(),
        today=dt.datetime.now(dt.UTC).date(),
    )


def ground_of(store: Store, region_id: str) -> RegionGround:
    """The sites, districts and settlements of a region's layers that are shown."""
    districts = _districts(store, region_id)
    bare = RegionGround(districts=districts, sites=pd.DataFrame(), settlements=pd.DataFrame())
    sites, settlements = (_points(store, region_id, kind) for kind in ("mine_sites", "settlements"))
    for frame in (sites, settlements):
        frame["district_id"] = districts_at(
            frame["longitude"].to_numpy(dtype="float64"),
            frame["latitude"].to_numpy(dtype="float64"),
            bare,
        )
    sites = sites.rename(columns={"feature_id": "site_id", "name": "site_name"})
    return RegionGround(
        districts=districts,
        sites=sites.drop_duplicates("site_id"),
        settlements=settlements.dropna(subset=["name", "district_id"]),
    )


def _versions(store: Store, region_id: str, kind: str) -> list[str]:
    """Current versions of the layers of a kind, by id of the layer."""
    layers = sorted(store.layers(region_id), key=lambda one: one.layer_id)
    return [one.current.version_id for one in layers if one.kind == kind and one.current]


def _districts(store: Store, region_id: str) -> gpd.GeoDataFrame:
    """The districts of the first layer, by id; where two meet the first one counts."""
    for version_id in _versions(store, region_id, "districts")[:1]:
        frame = store.read_features(version_id, columns=["feature_id", "name"])
        ids = frame["feature_id"].astype(str)
        return gpd.GeoDataFrame(
            {"district_id": ids, "district": frame["name"].fillna(ids).astype(str)},
            geometry=frame.geometry,
        ).sort_values("district_id", ignore_index=True)
    return gpd.GeoDataFrame(
        {"district_id": pd.Series(dtype="object"), "district": pd.Series(dtype="object")},
        geometry=gpd.GeoSeries([], crs=4326),
    )


def _points(store: Store, region_id: str, kind: str) -> pd.DataFrame:
    """feature_id, name, longitude and latitude of every feature of a kind; a point inside it."""
    parts = []
    for version_id in _versions(store, region_id, kind):
        frame = store.read_features(version_id, columns=["feature_id", "name"])
        inside = shapely.point_on_surface(frame.geometry.to_numpy())
        parts.append(
            pd.DataFrame(
                {
                    "feature_id": frame["feature_id"].astype(str).to_numpy(),
                    "name": frame["name"].to_numpy(),
                    "longitude": shapely.get_x(inside),
                    "latitude": shapely.get_y(inside),
                }
            )
        )
    if parts:
        return pd.concat(parts, ignore_index=True)
    return pd.DataFrame({name: [] for name in ("feature_id", "name", "longitude", "latitude")})


def _planned(
    store: Store,
    path: Path,
    request: VisitRequest,
    folder: Path,
    *,
    filename: str,
    limits: Limits | None,
    progress: Progress | None,
) -> VisitPlan | VisitReport:
    """The plan of a private copy of the file, so that what is read is what is kept; or why not."""
    tell = progress or (lambda share, sentence: None)
    tell(0.0, f"Copying '{filename}'")
    try:
        _copy(path, folder / "original")
        tables = read_tables(
            folder / "original",
            filename=filename,
            out=folder / "read",
            limits=limits,
            progress=lambda share, text: tell(0.1 + 0.6 * share, text),
        )
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        return _refused(request, filename, f"'{filename}' cannot be read: {reason}.")
    except ReadError as error:
        return _refused(request, filename, str(error))
    tell(0.75, "Looking at every visit")
    return plan_visits(tables, request, known_of(store, request.region_id))


def _copy(path: Path, to: Path) -> None:
    with path.open("rb") as source, to.open("wb") as copy:
        while chunk := source.read(CHUNK):
            copy.write(chunk)


def _refused(request: VisitRequest, filename: str, sentence: str) -> VisitReport:
    finding = Finding(code="file_refused", message=sentence, blocking=True)
    return VisitReport(
        status="refused",
        message=sentence,
        filename=filename,
        region_id=request.region_id,
        findings=(finding,),
    )


def _report(plan: VisitPlan, request: VisitRequest, filename: str) -> VisitReport:
    stopping = plan.blocking
    settled = all(_is_question(one, plan) for one in stopping)
    status: Status = "refused" if not settled else "needs answers" if stopping else "ready"
    visits = plan.visits
    if status == "ready" and visits.empty and not plan.not_accepted:
        status = "refused"
    messages = {
        "refused": f"'{filename}' was not imported: what was found stopped it.",
        "needs answers": f"'{filename}' was not imported yet: {len(stopping)} "
        f"question{'' if len(stopping) == 1 else 's'} to answer.",
        "ready": "",
    }
    by_site = visits["site_id"].dropna().value_counts()
    return VisitReport(
        status=status,
        message=messages[status],
        filename=filename,
        region_id=request.region_id,
        read=plan.read,
        counted=len(visits),
        left_out=plan.left_out,
        observations=len(plan.observations),
        known_states=int(plan.observations["state"].isin(APPLICABLE_STATES).sum()),
        sites=len(by_site),
        sites_again=int((by_site > 1).sum()),
        with_position=int(visits["longitude"].notna().sum()),
        rounds=round_labels(Ledger(visits, plan.observations)),
        findings=plan.findings,
        proposals=plan.proposals,
        fields=plan.fields,
        practices=plan.practices,
        states=plan.states,
        columns=plan.columns,
        crs_choices=plan.crs_choices,
        plan=plan,
        table=plan.table,
        tables=plan.tables,
        export=plan.export,
        is_form=plan.is_form,
    )


def _is_question(finding: Finding, plan: VisitPlan) -> bool:
    return finding.code in VISIT_QUESTIONS or finding.code == "crs_does_not_land"


def _counts(report: VisitReport) -> str:
    """The rows as they add up, in one sentence."""
    parts = [f"{report.counted:,} counted"]
    if report.already_there:
        parts.append(f"{report.already_there:,} already there")
    if report.held:
        parts.append(f"{report.held:,} held")
    parts += [f"{rows:,} left out ({reason})" for reason, rows in report.left_out.items()]
    return f"{report.read:,} rows read, {', '.join(parts)}."


def _batch(
    plan: VisitPlan, request: VisitRequest, filename: str, sha256: str, actor: str
) -> VisitBatch:
    return VisitBatch(
        region_id=request.region_id,
        imported_by=actor,
        filename=filename,
        sha256=sha256,
        request=request.as_json(),
        request_fingerprint=fingerprint(request),
        read=plan.read,
        visits=plan.visits,
        observations=plan.observations,
        findings=plan.findings,
        not_accepted=plan.not_accepted,
        source_note=request.source_note,
        demonstration=request.demonstration,
    )


def _imported(report: VisitReport, batch: BatchReport) -> VisitReport:
    new = batch.added or batch.newly_held or batch.withdrawn or batch.brought_back
    done = replace(
        report,
        status="imported" if new else "already imported",
        counted=batch.added,
        already_there=batch.already_there,
        held=batch.held,
        batch=batch,
    )
    told = _counts(done)
    if batch.held:
        told += " What is held is there with other content: choose which record counts."
    if batch.withdrawn:
        told += f" {len(batch.withdrawn):,} that counted before do no longer: their review says no."
    if batch.brought_back:
        told += f" {len(batch.brought_back):,} count again."
    how = "Visits of" if new else "Nothing new in"
    return replace(done, message=f"{how} '{report.filename}': {told}")


def fingerprint(request: VisitRequest) -> str:
    """A hash of all that decides what a file becomes, the code and its word lists included."""
    told: dict[str, Any] = {**request.as_json(), "reader": _reader_fingerprint()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


@cache
def _reader_fingerprint() -> str:
    digest = hashlib.sha256()
    here = Path(__file__).parent
    files = [*sorted(here.rglob("*.py")), *sorted((here.parent / "read").rglob("*.py"))]
    lists = [DATA / name for name in ("visits.toml", "practices.toml", "regions.toml")]
    for path in [*files, *lists, DATA / "forms" / "site_visit.toml"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()
