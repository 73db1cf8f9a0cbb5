"""The brief of a region: two pages for a meeting, and the records it is made of."""

from dashboard.brief.model import BriefInput, RoadMapLine, Target

__all__ = ["BriefInput", "RoadMapLine", "Target"]
