"""What we would do with a layer: shown before it is used, and pure."""

import re
import unicodedata
from collections.abc import Iterable

from layers.facts import FieldFact, Kind, Region
from layers.read.model import Column, SourceLayer, Suggestion

LONGITUDE = (
    "longitude", "lon", "long", "lng", "x", "xcoord", "x_coord", "coord_x", "point_x", "gps_lon",
    "gps_longitude", "gps_x", "longitude_x", "lon_dd", "long_dd", "dd_long", "dd_lon", "longdd",
    "longitude_dd", "xx", "easting", "eastings", "est", "utm_x", "utm_e", "utm_easting", "e",
    "x_utm", "abscisse", "longitude_w", "longitude_e", "longitude_dms", "lon_dms", "site_longitude",
)  # fmt: skip
LATITUDE = (
    "latitude", "lat", "y", "ycoord", "y_coord", "coord_y", "point_y", "gps_lat", "gps_latitude",
    "gps_y", "latitude_y", "lat_dd", "dd_lat", "latdd", "latitude_dd", "yy", "northing",
    "northings", "nord", "utm_y", "utm_n", "utm_northing", "n", "y_utm", "ordonnee", "latitude_n",
    "latitude_s", "latitude_dms", "lat_dms", "site_latitude",
)  # fmt: skip
TOGETHER = (
    "coordinates", "coordinate", "coords", "coordonnees", "coord", "gps", "gps_coordinates",
    "coordonnees_gps", "location", "position", "geolocation", "lat_lon", "lat_long", "latlon",
    "latlong", "lon_lat", "long_lat", "lonlat", "latitude_longitude", "xy", "wkt", "geom",
    "geometry", "the_geom", "wkt_geom", "shape", "geo_point", "geopoint", "localisation",
)  # fmt: skip

WKT_START = re.compile(
    r"^\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)", re.I
)
TWO_NUMBERS = re.compile(r"\d.*[,;/ ].*\d")


def folded(text: str) -> str:
    """A name without case, accents and punctuation: 'Nom du Site ' -> 'nom_du_site'."""
    plain = unicodedata.normalize("NFKD", text)
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "_", letters.casefold()).strip("_")


def suggest(source_layer: SourceLayer, kind: Kind, region: Region) -> Suggestion:
    """Which column holds which field of the kind, and whether rows are visits of the same site.

    Aliases are tried in their order, so a better name wins over a vaguer one. A column may serve
    two fields (a licence known by its number alone). Empty where nothing fits.
    """
    by_name: dict[str, Column] = {}
    for column in source_layer.columns:
        by_name.setdefault(folded(column.name), column)
    mapping = {}
    for name, fact in kind.fields.items():
        found = _first(by_name, fact)
        if found is not None:
            mapping[name] = found.name
    notes = []
    _choose_id(source_layer, kind, mapping, by_name)
    if source_layer.geometry_type is None:
        places = _places(source_layer.columns, by_name)
        mapping |= places
        if not places:
            notes.append(
                "No columns with coordinates were recognised. Say which columns hold longitude "
                "and latitude (or easting and northing)."
            )
    keep_latest = _repeats(source_layer, mapping)
    if keep_latest:
        notes.append(
            f"Column '{mapping['feature_id']}' repeats and rows are dated, so rows look like "
            f"several visits of the same {kind.one}: only the latest of each would be kept."
        )
    unknown = unknown_classes(source_layer, kind, mapping.get("feature_class"))
    return Suggestion(
        mapping=mapping, keep_latest=keep_latest, unknown_classes=unknown, notes=tuple(notes)
    )


def _first(by_name: dict[str, Column], fact: FieldFact) -> Column | None:
    """The first alias whose column fits; for classes else the first that is there at all.

    A class column nobody understands must still be asked about: left aside, a field marked
    "not crop" in words of its own would silently count as a field.
    """
    there = [by_name[name] for name in _names(fact) if name in by_name and by_name[name].samples]
    fitting = [column for column in there if _fits(column, fact)]
    if not fitting and fact.type == "class":
        return next(iter(there), None)
    return next(iter(fitting), None)


def _names(fact: FieldFact) -> tuple[str, ...]:
    """What a column of the field may be called, folded: our own name first, as exports have it."""
    return tuple(dict.fromkeys(folded(alias) for alias in (fact.field, *fact.aliases)))


def _fits(column: Column, fact: FieldFact) -> bool:
    """Whether what is in a column can be what the field wants."""
    if fact.type == "class":
        known = {folded(value) for seen in fact.classes.values() for value in seen}
        known |= {folded(name) for name in fact.classes}
        return any(folded(value) in known for value in column.values or column.samples)
    if fact.type == "number":
        return column.type == "number" or any(re.search(r"\d", text) for text in column.samples)
    return True


def _choose_id(
    layer: SourceLayer, kind: Kind, mapping: dict[str, str], by_name: dict[str, Column]
) -> None:
    """Prefer, among the columns an id may be in, one that is complete and without repeats."""
    chosen = mapping.get("feature_id")
    if chosen is None or layer.sampled == 0:
        return
    fact = kind.fields["feature_id"]
    columns = [by_name[name] for name in _names(fact) if name in by_name]
    first = next(column for column in columns if column.name == chosen)
    if _unique(first, layer) or _repeats(layer, mapping):
        return
    better = next((column for column in columns if _unique(column, layer)), None)
    if better is not None:
        mapping["feature_id"] = better.name


def _unique(column: Column, layer: SourceLayer) -> bool:
    return column.empty == 0 and column.distinct == layer.sampled


def _repeats(layer: SourceLayer, mapping: dict[str, str]) -> bool:
    """Whether an id comes back with dates beside it: several visits of the same thing."""
    if "feature_id" not in mapping or "observed_on" not in mapping:
        return False
    column = next(each for each in layer.columns if each.name == mapping["feature_id"])
    filled = layer.sampled - column.empty
    return column.empty == 0 and 1 < column.distinct < filled and filled >= 4


def unknown_classes(layer: SourceLayer, kind: Kind, column_name: str | None) -> tuple[str, ...]:
    """Values of the class column that no class of the kind claims, as they stand in the file."""
    fact = kind.fields.get("feature_class")
    if fact is None or column_name is None:
        return ()
    known = {folded(value) for seen in fact.classes.values() for value in seen}
    known |= {folded(name) for name in fact.classes}
    column = next((each for each in layer.columns if each.name == column_name), None)
    values: Iterable[str] = () if column is None else (column.values or column.samples)
    return tuple(value for value in values if folded(value) not in known)


def _places(columns: tuple[Column, ...], by_name: dict[str, Column]) -> dict[str, str]:
    """The columns of a table that hold places, best guess first."""
    longitude = _named(by_name, LONGITUDE)
    latitude = _named(by_name, LATITUDE)
    if longitude and latitude and longitude is not latitude:
        return {"longitude": longitude.name, "latitude": latitude.name}
    wkt = next((each for each in columns if any(map(WKT_START.match, each.samples))), None)
    if wkt is not None:
        return {"coordinates": wkt.name}
    together = _named(by_name, TOGETHER)
    if together is not None and any(map(TWO_NUMBERS.search, together.samples)):
        return {"coordinates": together.name}
    # 'Longitude (deg W)', 'GPS_Lat_1': the word is in the name.
    longitude = _containing(by_name, r"(^|_)(longitude|long|lon|lng|easting)(_|$)")
    latitude = _containing(by_name, r"(^|_)(latitude|lat|northing)(_|$)")
    if longitude and latitude and longitude is not latitude:
        return {"longitude": longitude.name, "latitude": latitude.name}
    return {}


def _named(by_name: dict[str, Column], names: tuple[str, ...]) -> Column | None:
    return next(
        (by_name[name] for name in names if name in by_name and by_name[name].samples), None
    )


def _containing(by_name: dict[str, Column], pattern: str) -> Column | None:
    return next(
        (each for name, each in by_name.items() if re.search(pattern, name) and each.samples), None
    )
