"""What becomes of each visit of a batch: new, already there, or held for somebody to choose."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geo.adoption.frames import Ledger, checked, shaped_observations, shaped_visits
from geo.errors import AdoptionError
from layers.ledger.content import content_of
from layers.ledger.records import VisitBatch
from layers.store import StoreError


@dataclass(frozen=True, kw_only=True, eq=False)
class Arriving:
    """A batch whose frames are in shape; `visits` also has `identity`, `content` and `held`."""

    batch: VisitBatch
    visits: pd.DataFrame
    observations: pd.DataFrame

    def only(self, rows: np.ndarray) -> "Arriving":
        """The same batch with the visits where `rows` is true and their observations."""
        place = np.cumsum(rows) - 1
        at = self.observations["visit"].to_numpy()
        seen = self.observations[rows[at]].reset_index(drop=True)
        seen = seen.assign(visit=place[seen["visit"].to_numpy()].astype("int32"))
        return replace(self, visits=self.visits[rows].reset_index(drop=True), observations=seen)


@dataclass(frozen=True, kw_only=True, eq=False)
class Decision:
    """For each visit that arrives, exactly one of the four is true."""

    new: np.ndarray
    newly_held: np.ndarray
    still_held: np.ndarray
    already_there: np.ndarray


def arriving(batch: VisitBatch) -> Arriving:
    """The batch with its frames in shape and contents known; StoreError names what is wrong."""
    given = batch.visits.reset_index(drop=True)
    identity = given["identity"].astype("str") if "identity" in given else pd.Series(dtype="str")
    empty = identity.isna() | (identity.str.strip() == "")
    if len(identity) != len(given) or empty.any():
        where = f"row {given.loc[empty, 'source_row'].iloc[0]}" if empty.any() else "every row"
        raise StoreError(
            f"'{batch.filename}', {where}: a visit has nothing that identifies it. Choose a column "
            "with a key of its own for each visit, like `_uuid`."
        )
    both = sorted(set(identity) & set(batch.not_accepted))
    if both:
        raise StoreError(
            f"'{batch.filename}' has visit '{both[0]}' once accepted and once "
            f"'{batch.not_accepted[both[0]]}'. Leave one of the two in the file."
        )
    try:
        visits = shaped_visits(given.assign(visit_id=identity))
        seen = shaped_observations(batch.observations.reset_index(drop=True))
        # one record each: that two records of one visit come in one file is decided later
        checked(Ledger(visits.assign(visit_id=_numbers(len(visits))), seen))
    except AdoptionError as error:
        raise StoreError(f"'{batch.filename}' was not imported. {error}") from error
    content = given.get("content")
    if content is None:
        content = pd.Series(content_of(visits, seen), dtype="str")
    if content.isna().any():
        raise StoreError(f"'{batch.filename}': a visit has no content hash. Please report this.")
    visits = visits.assign(identity=identity, content=content.astype("str"), held=False)
    return Arriving(batch=batch, visits=visits, observations=seen)


def decide(visits: pd.DataFrame, *, known: pd.DataFrame, holds: pd.DataFrame) -> Decision:
    """Compare what arrives with what is there.

    `known` has one row for each identity that counts, with its `content`; `holds` the records that
    were held before, `identity`, `content` and whether they are `settled`.
    """
    identity, content = visits["identity"], visits["content"]
    there = known.set_index("identity")["content"]
    first = ~identity.duplicated()
    # a second record of the same visit in the same file is compared with the first
    reference = pd.concat([there, visits[first].set_index("identity")["content"]])
    reference = reference[~reference.index.duplicated()]
    new = first & ~identity.isin(there.index)
    same = ~new & (content == reference.reindex(identity).to_numpy())
    other = ~new & ~same
    before = pd.MultiIndex.from_frame(holds[["identity", "content"]])
    here = pd.MultiIndex.from_arrays([identity, content])
    place = before.get_indexer(here)
    held_before = other & (place >= 0)
    settled = (
        held_before & holds["settled"].to_numpy(dtype=bool, na_value=False)[place]
        if len(holds)
        else np.zeros(len(visits), dtype=bool)
    )
    repeated = other & ~held_before & visits.duplicated(["identity", "content"])
    newly = other & ~held_before & ~repeated
    return Decision(
        new=new.to_numpy(),
        newly_held=newly.to_numpy(),
        still_held=np.asarray((held_before & ~settled) | repeated),
        already_there=np.asarray(same | settled),
    )


def _numbers(count: int) -> pd.Series:
    return pd.Series(np.arange(count).astype(str), dtype="str")
