"""Change between rounds on the same sites, kept while the ledger holds."""

from dashboard.workflows.adoption import standing
from dashboard.workflows.adoption_types import PanelRun
from dashboard.workflows.kept import Kept
from geo.adoption.panel import panel as panel_table
from layers.practices import adoption_settings
from layers.practices import practice as practice_of
from layers.store import Store

KEPT_PANELS = 60

_panels: Kept[PanelRun] = Kept(KEPT_PANELS)


def panel(store: Store, region_id: str, *, practice: str, earlier: str, later: str) -> PanelRun:
    """The change of one practice between two rounds of a region, on the sites visited in both.

    Raises AdoptionError where a round does not exist or both are the same, FactsError where the
    practice is not known.
    """
    one = practice_of(practice)
    there = standing(store, region_id)
    key = (store.location, region_id, there.fingerprint, practice, earlier, later)

    def make() -> PanelRun:
        table = panel_table(
            there.ledger,
            practice=one,
            earlier=earlier,
            later=later,
            settings=adoption_settings(),
            known=there.known,
            region_name=there.region_name,
        )
        return PanelRun(
            region_id=region_id,
            earlier=earlier,
            later=later,
            table=table,
            fingerprint=there.fingerprint,
        )

    return _panels.get(key, make)
