"""Findings all together: what stops the import first, then what we want its owner to know."""

from collections.abc import Sequence

import streamlit as st

from dashboard import words
from layers.findings import ROWS_SHOWN, Finding

SHOWN = 30


def show_findings(findings: Sequence[Finding], *, key: str) -> None:
    """Draw every finding; beyond the first ones they are folded away."""
    ordered = sorted(findings, key=lambda finding: not finding.blocking)
    for number, finding in enumerate(ordered[:SHOWN]):
        _show(finding, key=f"{key}-{number}")
    if len(ordered) > SHOWN:
        with st.expander(f"{words.count(len(ordered) - SHOWN, 'more finding')}"):
            for number, finding in enumerate(ordered[SHOWN:], SHOWN):
                _show(finding, key=f"{key}-{number}")


def _show(finding: Finding, *, key: str) -> None:
    sort = "blocking" if finding.blocking else "told"
    with st.container(key=f"finding-{sort}-{key}"):
        lead = ":red[**Stops the import.**] " if finding.blocking else ""
        st.markdown(f"{lead}{words.md(finding.message)}")
        below = [rows(finding), words.md(finding.fix)]
        if any(below):
            st.caption("  \n".join(part for part in below if part))


def rows(finding: Finding) -> str:
    """Which rows a finding is about, as their owner counts them."""
    if not finding.row_count:
        return ""
    listed = ", ".join(str(row) for row in finding.rows[:ROWS_SHOWN])
    if not listed:
        return words.count(finding.row_count, "row")
    if finding.row_count > len(finding.rows):
        return f"Rows {listed} … ({words.count(finding.row_count)} in all)"
    return f"{'Row' if finding.row_count == 1 else 'Rows'} {listed}"
