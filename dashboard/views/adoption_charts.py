"""Charts of the adoption pages, drawn wide and narrow, each with the same numbers as a table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cached, words
from dashboard.brief.model import Target
from dashboard.charts.drawing import Chart
from dashboard.charts.figures import NO_DATA, in_order_of_rounds
from dashboard.charts.practices import practice_multiples
from dashboard.views import adoption_parts
from dashboard.workflows.adoption_types import ALL_ROUNDS, AdoptionRun, RoadMap
from geo.adoption.practice import Practice
from layers.ledger.records import Action
from layers.practices import practices

WIDE, NARROW = 1000.0, 360.0
"""Pixels, for a screen or a sheet of A4, where its words are still to be read, and for a phone."""
HALF = 620.0
PANEL = 250.0
"""About the width of one practice among many: a few of them do not fill a line."""
ROW_HEIGHT = 35
FEW = 4
"""Practices whose every round a phone draws."""
LATEST_ONLY = "The latest round of each practice that says anything; the table has every round."


def show(
    draw: Callable[[float], Chart], *, key: str, made_of: tuple[Any, ...], wide: float = WIDE
) -> None:
    """A chart for a screen or paper and one for a phone, and its numbers as a table below.

    `made_of` is all that decides how it looks but its width.
    """
    svg, chart = cached.picture((key, wide, *made_of), lambda: draw(wide))
    small, _ = cached.picture((key, NARROW, *made_of), lambda: draw(NARROW))
    adoption_parts.picture(svg, alt=chart.alt, key=f"wide-{key}", width=wide)
    adoption_parts.picture(small, alt=chart.alt, key=f"narrow-{key}", width=NARROW * 2)
    with st.expander("The same as a table, and in words"):
        table(chart.table, key=f"table.{key}")
        st.markdown("\n".join(f"- {words.md(line)}" for line in chart.sentences))


def table(frame: pd.DataFrame, *, key: str) -> None:
    """A table of words: drawn on a canvas, so that nothing in a name is ever executed."""
    st.dataframe(
        frame.rename(columns=lambda name: str(name)[:1].upper() + str(name)[1:]),
        hide_index=True,
        key=key,
        height=min(len(frame), 14) * ROW_HEIGHT + 38,
        row_height=ROW_HEIGHT,
        placeholder="",
    )


def multiples(
    run: AdoptionRun,
    rows: pd.DataFrame,
    chosen: Sequence[Practice],
    *,
    title: str,
    targets: Mapping[str, Target],
    key: str,
) -> None:
    """Each practice of one area, round below round."""
    shown = rows[rows["round"].astype(str) != ALL_ROUNDS] if len(run.rounds) else rows
    notes = notes_of(run)
    rounds = shown["round"].astype(str).unique()
    last = latest_rounds(shown)

    def draw(width: float) -> Chart:
        # a phone would scroll for ever: the latest round of each, the others in the table below
        is_short = width <= NARROW and len(chosen) > FEW
        return practice_multiples(
            last if is_short else shown,
            chosen,
            title=title,
            targets=targets,
            notes=(LATEST_ONLY, *notes) if is_short else notes,
            width=width,
        )

    show(
        draw,
        key=key,
        wide=min(WIDE, max(HALF, PANEL * len(chosen))),
        made_of=(
            run.region_id,
            run.fingerprint,
            title,
            tuple(rounds),
            tuple(one.code for one in chosen),
            tuple(sorted(targets.items(), key=lambda one: one[0])),
        ),
    )


def latest_rounds(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each practice the row of the latest round that says anything, of one area."""
    order = {label: at for at, label in enumerate(in_order_of_rounds(rows))}
    told = rows.assign(
        _says=rows["shown_as"] != NO_DATA, _at=rows["round"].astype(str).map(order)
    ).sort_values(["_says", "_at"], kind="stable")
    return told.drop_duplicates("practice", keep="last").drop(columns=["_says", "_at"])


def notes_of(run: AdoptionRun) -> tuple[str, ...]:
    """What stands below a chart wherever it is printed."""
    notes = [
        "Share of the sites where a practice applies and its state is known; 95 % interval. "
        "Unknown is not no and leaves the denominator.",
        words.ABSENCE,
    ]
    return (words.INVENTED, *notes) if run.demonstration else tuple(notes)


def target_of(action: Action) -> Target:
    """The target of an action, as charts take it."""
    assert action.target_share is not None
    return Target(
        share=action.target_share,
        due=action.target_day,
        baseline=action.baseline_share,
        baseline_on=action.baseline_day,
    )


def direction(action: Action) -> str:
    """Whether an action's practice is one to adopt, or one to stop."""
    return next((one.direction for one in practices() if one.code == action.practice), "adopt")


def region_targets(found: RoadMap, *, area_id: str | None = None) -> dict[str, Target]:
    """The targets of a region, or of a district, by practice; the one due next where several."""
    targets: dict[str, Target] = {}
    for one in found.states:
        action = one.action
        if not action.practice or action.target_share is None or action.status == "dropped":
            continue
        if action.area_id == area_id:
            targets.setdefault(action.practice, target_of(action))
    return targets


def targets(found: RoadMap) -> None:
    """The practices that have a target for the whole region, with their lines."""
    aims = region_targets(found)
    chosen = [one for one in practices() if one.code in aims]
    if not chosen:
        return
    run = cached.adoption(found.region_id, by="region")
    if not run.visits:
        return
    st.header("Targets and where the region stands")
    multiples(
        run,
        run.table,
        chosen,
        title=f"{found.region_name}: practices with a target",
        targets=aims,
        key="targets",
    )
