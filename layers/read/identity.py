"""Which row is which: ids, repeated visits, and how well a position is known."""

import hashlib
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo import crs as geo_crs
from layers.facts import Kind
from layers.read import values
from layers.read.model import ReadRequest
from layers.read.tally import Mask, Tally


def supersede(fields: dict[str, Any], kind: Kind, tally: Tally) -> None:
    """Keep the latest row of each id; of two on one day the later in the file."""
    ids = pd.Series(fields["feature_id"], dtype="object")
    order = pd.DataFrame(
        {
            "id": ids,
            "on": [str(day or "") for day in fields["observed_on"]],
            "at": np.arange(len(ids)),
        }
    )[tally.alive & ids.notna().to_numpy()]
    latest = order.sort_values(["on", "at"]).drop_duplicates("id", keep="last")
    old = np.zeros(len(ids), dtype=bool)
    old[order["at"]] = True
    old[latest["at"]] = False
    tally.reject(
        old,
        "superseded",
        f"{{n}} row(s) are earlier visits of a {kind.one} that was visited again; only the latest "
        "visit of each is kept.",
    )


def identify(
    fields: dict[str, Any],
    raw: npt.NDArray[Any],
    frame: pd.DataFrame,
    mapping: dict[str, str],
    tally: Tally,
) -> None:
    """The owner's ids where they are complete and unique, else hashes; tells which, and twins."""
    alive = tally.alive
    hashes = _hashes(raw, frame, alive)
    repeated = pd.Series(hashes).duplicated(keep="first").to_numpy() & alive
    if repeated.any():
        tally.tell(
            "rows_repeated",
            f"{int(repeated.sum())} row(s) repeat another one in shape and every attribute. "
            "All are kept.",
            repeated,
            fix="Remove them from the file if they are one and the same.",
        )
    ids = pd.Series(fields["feature_id"], dtype="object")
    column = mapping.get("feature_id")
    if column is not None:
        missing = ids.isna().to_numpy() & alive
        twice = ids.where(alive).duplicated(keep=False).to_numpy() & alive & ~missing
        if not missing.any() and not twice.any():
            fields["feature_id"] = ids
            return
        what = f"is empty in {int(missing.sum())} row(s)" if missing.any() else "repeats"
        tally.tell(
            "ids_not_unique",
            f"Column '{column}' {what}, so it cannot tell rows apart; ids were made from shape "
            "and attributes instead.",
            missing | twice,
            fix="Choose a column whose values are all there and all different, if there is one.",
        )
    again = pd.Series(hashes).groupby(hashes).cumcount().to_numpy()
    fields["feature_id"] = pd.Series(
        [
            key if turn == 0 else f"{key}-{turn + 1}"
            for key, turn in zip(hashes, again, strict=True)
        ],
        dtype="object",
    )


def _hashes(raw: npt.NDArray[Any], frame: pd.DataFrame, alive: Mask) -> list[str]:
    """16 hex digits of shape and attributes, so that the same row has the same id next time."""
    texts = [values.as_text(frame[name]).tolist() for name in frame.columns]
    names = [str(name) for name in frame.columns]
    result = []
    for row, shape in enumerate(raw):
        if not alive[row]:
            result.append(f"row {row}")
            continue
        cells = {
            name: None if pd.isna(column[row]) else column[row]
            for name, column in zip(names, texts, strict=True)
        }
        told = json.dumps(cells, ensure_ascii=False, sort_keys=True).encode()
        result.append(hashlib.sha256((shape or b"") + told).hexdigest()[:16])
    return result


def fill_accuracy(
    fields: dict[str, Any], request: ReadRequest, kind: Kind, shift: geo_crs.Shift, tally: Tally
) -> None:
    """Standard error and radius of each row: its own, else as stated, else as the kind assumes."""
    count = len(tally.alive)
    own = np.asarray(fields.get("position_sd_m", np.full(count, np.nan)), dtype=np.float64)
    default = kind.position_sd_m if request.position_sd_m is None else request.position_sd_m
    assumed = np.isnan(own) & tally.alive
    if assumed.any() and request.position_sd_m is None and kind.position_sd_m > 0:
        tally.tell(
            "accuracy_assumed",
            f"No accuracy of position is stated for {int(assumed.sum())} row(s); a standard error "
            f"of {kind.position_sd_m:g} m was assumed ({kind.position_note}).",
            assumed,
            fix="State the accuracy if you know it.",
        )
    shift_sd = shift.accuracy_m or 0.0
    fields["position_sd_m"] = np.hypot(np.where(np.isnan(own), default, own), shift_sd)
    radius = np.asarray(fields.get("radius_m", np.full(count, np.nan)), dtype=np.float64)
    if request.radius_m is not None:
        radius = np.where(np.isnan(radius), request.radius_m, radius)
    fields["radius_m"] = radius
