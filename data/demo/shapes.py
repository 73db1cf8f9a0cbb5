"""Shapes that look drawn by land and people: winding lines, blobs, stepped blocks, small blocks.

All in plane metres. Every function takes its own seeded generator and draws nothing else from it.
"""

import numpy as np
import shapely

WAVES_M = np.array([5200.0, 2300.0, 900.0])
WAVE_SHARES = np.array([1.0, 0.55, 0.25])
TAPER_M = 1500.0
"""Length over which a winding line comes back to its drawn ends."""


def smooth(xy: np.ndarray, *, rounds: int = 3) -> np.ndarray:
    """A polyline with its corners cut (Chaikin), the same two ends."""
    for _ in range(rounds):
        early = 0.75 * xy[:-1] + 0.25 * xy[1:]
        late = 0.25 * xy[:-1] + 0.75 * xy[1:]
        inner = np.stack([early, late], axis=1).reshape(-1, 2)
        xy = np.vstack([xy[:1], inner[1:-1], xy[-1:]])
    return xy


def wander(
    xy: np.ndarray, *, rng: np.random.Generator, amplitude_m: float, step_m: float = 120.0
) -> shapely.LineString:
    """A line that winds around a drawn course and keeps its two ends."""
    course = smooth(xy)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(course, axis=0).T))])
    steps = np.linspace(0.0, along[-1], max(3, int(along[-1] / step_m)))
    centre = np.column_stack([np.interp(steps, along, course[:, axis]) for axis in (0, 1)])
    heading = np.gradient(centre, axis=0)
    normal = np.column_stack([-heading[:, 1], heading[:, 0]]) / np.hypot(*heading.T)[:, None]
    phases = rng.uniform(0, 2 * np.pi, len(WAVES_M))
    waves = np.sin(2 * np.pi * steps[:, None] / WAVES_M + phases) @ WAVE_SHARES
    taper = np.clip(np.minimum(steps, along[-1] - steps) / TAPER_M, 0, 1)
    return shapely.LineString(centre + normal * (amplitude_m * waves * taper)[:, None])


def branch(
    parent: shapely.LineString, *, rng: np.random.Generator, length_m: float, step_m: float = 140.0
) -> shapely.LineString:
    """A stream from its source to a place on its parent, leaving to either side."""
    place = rng.uniform(0.05, 0.95) * parent.length
    (x0, y0), (x1, y1) = shapely.get_coordinates(
        shapely.line_interpolate_point(parent, [place, place + 60.0])
    )
    heading = np.arctan2(y1 - y0, x1 - x0) + np.pi + rng.choice([-1, 1]) * rng.uniform(0.7, 1.5)
    turns = np.cumsum(rng.normal(0, 0.3, int(length_m / step_m)))
    headings = heading + turns - np.linspace(0, turns[-1] * 0.6, len(turns))
    away = np.cumsum(np.column_stack([np.cos(headings), np.sin(headings)]) * step_m, axis=0)
    mouth = np.array([x0, y0])
    return shapely.LineString(np.vstack([mouth, mouth + away])[::-1])


def blob(
    centre: np.ndarray,
    *,
    rng: np.random.Generator,
    radius_m: float,
    vertices: int = 120,
    roughness: float = 0.35,
    stretch: float = 1.0,
) -> shapely.Polygon:
    """An irregular star-shaped area; `stretch` > 1 is wider east-west at the same size."""
    angles = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    waves = np.arange(2, 2 + max(6, min(60, vertices // 12)))
    phases = rng.uniform(0, 2 * np.pi, len(waves))
    sizes = roughness * rng.uniform(0.4, 1.0, len(waves)) / waves**1.25
    radii = radius_m * np.clip(1 + np.cos(angles[:, None] * waves + phases) @ sizes, 0.3, 2.0)
    shape = np.column_stack([np.cos(angles) * np.sqrt(stretch), np.sin(angles) / np.sqrt(stretch)])
    return shapely.Polygon(centre + shape * radii[:, None])


def stepped(area: shapely.Polygon, *, cell_m: float = 460.0) -> shapely.Polygon:
    """The cells of a square grid whose centres an area contains, as one area: cadastral steps."""
    west, south, east, north = area.bounds
    columns = np.arange(np.floor(west / cell_m), np.ceil(east / cell_m)) * cell_m
    rows = np.arange(np.floor(south / cell_m), np.ceil(north / cell_m)) * cell_m
    x, y = (axis.ravel() for axis in np.meshgrid(columns, rows))
    kept = shapely.contains_xy(area, x + cell_m / 2, y + cell_m / 2)
    x, y = x[kept], y[kept]
    whole = shapely.union_all(shapely.box(x, y, x + cell_m, y + cell_m))
    return max(shapely.get_parts(whole), key=lambda part: part.area)


def small_blocks(
    centres: np.ndarray, *, rng: np.random.Generator, areas_ha: np.ndarray
) -> np.ndarray:
    """Turned, slightly skewed four-cornered blocks of exactly these areas, as surveyed on foot."""
    count = len(centres)
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    skew = corners * rng.uniform(0.82, 1.18, (count, 4, 2))
    aspect = rng.uniform(0.55, 1.8, count)
    skew *= np.column_stack([np.sqrt(aspect), 1 / np.sqrt(aspect)])[:, None, :]
    angle = rng.uniform(0, np.pi, count)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = np.einsum("ijk,kcj->kci", turn, skew)
    size = np.sqrt(areas_ha * 10_000 / shapely.area(shapely.polygons(turned)))
    return shapely.polygons(turned * size[:, None, None] + centres[:, None, :])


def ragged_edges(
    polygons: np.ndarray, *, rng: np.random.Generator, shrink: float = 0.88, sway: float = 0.04
) -> np.ndarray:
    """Polygons drawn a little smaller, each side bent once: fields as walked, not as computed."""
    xy, owner = shapely.get_coordinates(polygons, return_index=True)
    middle = shapely.get_coordinates(shapely.centroid(polygons))[owner]
    xy = middle + (xy - middle) * shrink
    inside = owner[1:] == owner[:-1]
    start, end, whose = xy[:-1][inside], xy[1:][inside], owner[:-1][inside]
    side = end - start
    bent = (start + end) / 2 + np.column_stack([-side[:, 1], side[:, 0]]) * rng.uniform(
        -sway, sway, (len(side), 1)
    )
    corners = np.stack([start, bent], axis=1).reshape(-1, 2)
    return shapely.polygons(shapely.linearrings(corners, indices=np.repeat(whose, 2)))
