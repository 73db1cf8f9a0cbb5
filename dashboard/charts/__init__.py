"""Charts of the adoption ledger: drawn for a meeting and for print, each with the same in words."""

from dashboard.charts.areas import area_intervals, region_comparison
from dashboard.charts.choropleth import adoption_map
from dashboard.charts.drawing import Chart
from dashboard.charts.overview import practice_overview
from dashboard.charts.panel import panel_change
from dashboard.charts.practices import practice_multiples

__all__ = [
    "Chart",
    "adoption_map",
    "area_intervals",
    "panel_change",
    "practice_multiples",
    "practice_overview",
    "region_comparison",
]
