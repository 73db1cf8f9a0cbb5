"""The brief of a region: two pages for a meeting, and the records it is made of."""

from dashboard.brief.model import BriefInput, RoadMapLine, Target

__all__ = ["BriefInput", "RoadMapLine", "Target", "region_brief"]


def region_brief(brief: BriefInput) -> bytes:
    """The brief as PDF; see `dashboard.brief.document`, which is loaded only when it is asked."""
    from dashboard.brief.document import region_brief as made  # noqa: PLC0415

    return made(brief)
