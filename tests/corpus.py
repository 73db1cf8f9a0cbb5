"""Broken and hostile files, made in code: what the reader must survive with one plain sentence.

`CASES` serves the tests of the reader and those of the browser alike. No file here comes from
anybody; secrets and traps that a file points at are given by `Bait`.
"""

import io
import json
import random
import sqlite3
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import openpyxl
import shapely

Bring = Callable[..., Any]
"""The fixture that brings a file to the reader and returns its report and frame."""
Expect = Literal["refused", "findings", "imports"]
SITE = (29.7, 0.9)
"""A place in Ituri, in degrees."""


@dataclass(frozen=True, kw_only=True)
class Bait:
    """What hostile files try to reach: a file outside, and an address that listens."""

    secret: Path = Path("/etc/hostname")
    address: str = "127.0.0.1:9"


BAIT = Bait()


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file. `build(folder)` writes it and returns its path; `filename` is what people call it.

    `refused`: the file is turned away with a sentence. `findings`: it opens, and what is wrong is
    listed; nothing or not everything is imported, even with every suggestion accepted.
    `imports`: it is odd, but all of it comes in once the suggestions are accepted.
    """

    name: str
    filename: str
    content: Callable[[Bait], bytes]
    expect: Expect
    kind: str = "mine_sites"
    region: str = "ituri"

    def build(self, folder: Path, bait: Bait = BAIT) -> Path:
        """The file, written into a folder under its own name."""
        path = folder / self.filename
        path.write_bytes(self.content(bait))
        return path


def points(*places: tuple[float, float], crs: object = None, **properties: object) -> bytes:
    """GeoJSON with a point for each place, and a CRS member if given."""
    features = [
        {
            "type": "Feature",
            "properties": {"name": f"Site {number}", **properties},
            "geometry": {"type": "Point", "coordinates": list(place)},
        }
        for number, place in enumerate(places, start=1)
    ]
    record: dict[str, object] = {"type": "FeatureCollection", "features": features}
    if crs is not None:
        record["crs"] = crs
    return json.dumps(record).encode()


def zipped(*files: tuple[str, bytes]) -> bytes:
    """A zip archive of named contents."""
    return zipped_infos(*((zipfile.ZipInfo(name), content) for name, content in files))


def zipped_infos(*files: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    """A zip archive whose entries say what they like."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in files:
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


def shapefile(*, count: int = 5, at: tuple[float, float] = SITE) -> dict[str, bytes]:
    """The parts of a small, sound shapefile of points by their extension."""
    frame = gpd.GeoDataFrame(
        {"name": [f"Réserve {number}" for number in range(count)]},
        geometry=[shapely.Point(at[0] + number / 100, at[1]) for number in range(count)],
        crs="EPSG:4326",
    )
    with tempfile.TemporaryDirectory() as folder:
        frame.to_file(Path(folder) / "sites.shp", engine="pyogrio", encoding="UTF-8")
        return {path.suffix: path.read_bytes() for path in Path(folder).iterdir()}


def shape_zip(*leave_out: str, at: tuple[float, float] = SITE, **replace: bytes) -> bytes:
    """A zipped shapefile with parts left out or replaced (`shp=b"…"`)."""
    parts = shapefile(at=at)
    for suffix in leave_out:
        parts.pop(suffix)
    parts |= {f".{suffix}": content for suffix, content in replace.items()}
    return zipped(*((f"sites{suffix}", content) for suffix, content in parts.items()))


def geopackage(*statements: str, layer: str = "sites") -> bytes:
    """A GeoPackage of three points, then changed by SQL statements."""
    frame = gpd.GeoDataFrame(
        {"name": ["A", "B", "C"]},
        geometry=[shapely.Point(SITE[0] + number / 100, SITE[1]) for number in range(3)],
        crs="EPSG:4326",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sites.gpkg"
        frame.to_file(path, layer=layer, engine="pyogrio")
        with sqlite3.connect(path) as base:
            base.execute("PRAGMA writable_schema = ON")
            for statement in statements:
                base.executescript(statement)
        base.close()
        return path.read_bytes()


def workbook(*rows: list[object]) -> bytes:
    """An XLSX with one sheet of rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def workbook_with_sheet(sheet: bytes, **parts: bytes) -> bytes:
    """An XLSX whose sheet is replaced by raw XML."""
    source = zipfile.ZipFile(io.BytesIO(workbook(["name", "lon", "lat"], ["A", *SITE])))
    files = []
    for name in source.namelist():
        content = sheet if name == "xl/worksheets/sheet1.xml" else source.read(name)
        files.append((name, parts.get(name.rsplit("/", 1)[-1].split(".")[0], content)))
    return zipped(*files)


SHEET = (
    b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    b'main"><sheetData>%s</sheetData></worksheet>'
)


def table(*lines: str, encoding: str = "utf-8") -> bytes:
    """A text table of lines."""
    return ("\n".join(lines) + "\n").encode(encoding)


def vrt(bait: Bait) -> bytes:
    """Instructions for GDAL to read a file outside as a table."""
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>CSV:{bait.secret}'
        f"</SrcDataSource><SrcLayer>{bait.secret.stem}</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


def vrt_from_the_web(bait: Bait) -> bytes:
    """Instructions for GDAL to fetch a table from an address."""
    return (
        '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>'
        f"/vsicurl/http://{bait.address}/x.csv</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


def entity_bomb(root: str) -> bytes:
    """Nine levels of an entity that holds ten of the one below: a billion laughs."""
    levels = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))
    return (
        f'<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY l0 "lol">{levels}]>'
        f"<{root}><name>&l9;</name></{root}>"
    ).encode()


def outside_entity(root: str, bait: Bait) -> bytes:
    """An entity that stands for the content of a file outside."""
    return (
        f'<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY x SYSTEM "file://{bait.secret}">]>'
        f"<{root}><Placemark><name>&x;</name><Point><coordinates>29.7,0.9</coordinates></Point>"
        f"</Placemark></{root}>"
    ).encode()


def kml(body: str) -> bytes:
    """A KML document around placemarks."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document>{body}</Document></kml>"
    ).encode()


PLACEMARK = (
    "<Placemark><name>A</name><Point><coordinates>29.7,0.9,0</coordinates></Point></Placemark>"
)


def symlink_zip(bait: Bait) -> bytes:
    """A zip with a link to a file outside."""
    info = zipfile.ZipInfo("sites.csv")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped_infos((info, str(bait.secret).encode()))


def lying_zip(_: Bait) -> bytes:
    """A zip whose directory says 10 bytes where 64 MB come out."""
    content = bytearray(zipped(("sites.csv", b"0" * (64 * 2**20))))
    real = struct.pack("<I", 64 * 2**20)
    small = struct.pack("<I", 10)
    return bytes(content).replace(real, small)


def noise(length: int = 4096) -> bytes:
    """Bytes without meaning, the same each time."""
    return random.Random(7).randbytes(length)


def multipolygon_soup() -> bytes:
    """Areas of which nothing is left once made valid, beside a sound one."""
    shapes = [
        [[[29.7, 0.9], [29.71, 0.9], [29.7, 0.9], [29.7, 0.9]]],
        [[[29.7, 0.9], [29.71, 0.9], [29.71, 0.91], [29.7, 0.9]]],
    ]
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": rings}}
        for rings in shapes
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _case(
    name: str,
    filename: str,
    expect: Expect,
    content: Callable[[Bait], bytes] | bytes,
    **more: str,
) -> Case:
    made = content if callable(content) else (lambda _: content)
    return Case(name=name, filename=filename, content=made, expect=expect, **more)


GDALG = json.dumps(
    {"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc"}
)
LINK = {"type": "link", "properties": {"href": "http://%s/evil.wkt", "type": "ogcwkt"}}


def crs_link(bait: Bait) -> bytes:
    """GeoJSON whose CRS is an address to fetch."""
    return points(SITE, crs=LINK).replace(b"%s", bait.address.encode())


def crs_link_escaped(bait: Bait) -> bytes:
    """The same with the member's name spelled in escapes."""
    return crs_link(bait).replace(b'"crs"', rb'"\u0063\u0072\u0073"')


def network_link(bait: Bait) -> bytes:
    """KML that asks for more from an address."""
    link = f"<NetworkLink><Link><href>http://{bait.address}/more.kml</href></Link></NetworkLink>"
    return kml(link + PLACEMARK)


CASES: tuple[Case, ...] = (
    _case("empty file", "empty.csv", "refused", b""),
    _case("blanks only", "blank.csv", "refused", b" \r\n" * 50),
    _case("random bytes", "noise.gpkg", "refused", noise()),
    _case("random bytes as csv", "noise.csv", "refused", noise()),
    _case("vrt named geojson", "sites.geojson", "refused", vrt),
    _case("vrt named csv", "sites.csv", "refused", vrt),
    _case("vrt that fetches", "web.geojson", "refused", vrt_from_the_web),
    _case("vrt as the shp of a zip", "vrt.zip", "refused",
          lambda bait: shape_zip(shp=vrt(bait))),
    _case("vrt in a zip", "vrt_inside.zip", "refused",
          lambda bait: zipped(("sites.geojson", vrt(bait)))),
    _case("gdal command file", "sites.json", "refused", GDALG.encode()),
    _case("gdal command file with features", "sites2.json", "refused",
          GDALG.replace("{", '{"features": [{"type": "Feature"}], ', 1).encode()),
    _case("crs link", "link.geojson", "findings", crs_link),
    _case("crs link in escapes", "link2.geojson", "findings", crs_link_escaped),
    _case("unknown crs name", "unknown.geojson", "findings",
          points(SITE, crs={"type": "name", "properties": {"name": "EPSG:999999"}})),
    _case("json too deep", "deep.geojson", "refused",
          b'{"type":"FeatureCollection","features":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    _case("json cut off", "cut.geojson", "refused", points(SITE, SITE)[:-40]),
    _case("json list", "list.json", "refused", b"[1, 2, 3]"),
    _case("json of something else", "package.json", "refused", b'{"name": "x", "version": 1}'),
    _case("geojson without features", "none.geojson", "refused",
          b'{"type": "FeatureCollection", "features": []}'),
    _case("geojson with latitude 95", "north.geojson", "findings",
          points(SITE, (29.7, 95.0), SITE)),
    _case("geojson with coordinates that are no number", "nan.geojson", "findings",
          points(SITE, (1, 2)).replace(b"[1, 2]", b"[NaN, Infinity]")),
    _case("geojson with a huge number", "huge.geojson", "findings",
          points(SITE, (1e300, 1e300), SITE)),
    _case("geojson with infinite number", "inf.geojson", "refused",
          points(SITE, (7, 7), SITE).replace(b"[7, 7]", b"[1e999, 0.5]")),
    _case("geojson without geometries", "null.geojson", "findings",
          b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1},'
          b'"geometry":null}]}'),
    _case("geojson in metres", "utm.geojson", "findings", points((800_517.0, 99_588.0))),
    _case("geojson with collapsed areas", "collapsed.geojson", "findings", multipolygon_soup(),
          kind="licences"),
    _case("bow-tie", "bowtie.geojson", "imports", json.dumps({
        "type": "Polygon", "coordinates": [[[29.7, 0.9], [29.71, 0.91], [29.71, 0.9], [29.7, 0.91],
                                            [29.7, 0.9]]]}).encode(), kind="licences"),
    _case("points as licences", "points.geojson", "findings", points(SITE), kind="licences"),
    _case("html page", "sites_page.csv", "refused",
          b"<!DOCTYPE html><html><body>Please log in</body></html>"),
    _case("other xml", "data.kml", "refused", b"<?xml version='1.0'?><svg><g/></svg>"),
    _case("pdf", "map.pdf", "refused", b"%PDF-1.7\n" + noise(200)),
    _case("old excel", "old.xls", "refused", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise(512)),
    _case("geotiff", "raster.tif", "refused", b"II*\x00" + noise(200)),
    _case("geojson named csv", "wrong.csv", "refused", points(SITE)),
    _case("csv named gpkg", "wrong.gpkg", "refused", table("name,lon,lat", "A,29.7,0.9")),
    _case("kml entity bomb", "bomb.kml", "refused", entity_bomb("kml")),
    _case("gpx entity bomb", "bomb.gpx", "refused", entity_bomb("gpx")),
    _case("kml entity from outside", "outside.kml", "refused",
          lambda bait: outside_entity("kml", bait)),
    _case("kml cut off", "cut.kml", "refused", kml(PLACEMARK)[:-60]),
    _case("kml with a network link", "netlink.kml", "imports", network_link),
    _case("kml with only a network link", "onlylink.kml", "refused",
          lambda bait: network_link(bait).replace(PLACEMARK.encode(), b"")),
    _case("kml nested too deep", "deep.kml", "refused", kml(
        "<Placemark>" + "<MultiGeometry>" * 20_000 + "</MultiGeometry>" * 20_000 + "</Placemark>")),
    _case("kml with words for coordinates", "words.kml", "findings",
          kml(PLACEMARK + PLACEMARK.replace("29.7,0.9,0", "north,of,here"))),
    _case("gpx without points", "none.gpx", "refused",
          b'<?xml version="1.0"?><gpx version="1.1"></gpx>'),
    _case("zip cut off", "cut.zip", "refused", shape_zip()[:-300]),
    _case("zip without files", "none.zip", "refused", zipped()),
    _case("zip bomb", "bomb.zip", "refused",
          lambda _: zipped(("sites.csv", b"0" * (300 * 2**20)))),
    _case("zip that lies about its size", "lying.zip", "refused", lying_zip),
    _case("zip with too many files", "many.zip", "refused",
          lambda _: zipped(*((f"{number}.txt", b"") for number in range(2000)))),
    _case("zip out of its folder", "traversal.zip", "refused",
          zipped(("../../../../tmp/escaped.csv", b"name,lon,lat\nA,29.7,0.9\n"))),
    _case("zip to the root", "absolute.zip", "refused",
          zipped(("/tmp/escaped.csv", b"name,lon,lat\nA,29.7,0.9\n"))),
    _case("zip with a link", "symlink.zip", "refused", symlink_zip),
    _case("zip in a zip", "nested.zip", "refused", lambda _: zipped(("inner.zip", shape_zip()))),
    _case("zip of several tables", "several.zip", "refused",
          zipped(("a.csv", b"x,lon,lat\n1,29.7,0.9\n"), ("b.csv", b"x,lon,lat\n1,29.7,0.9\n"))),
    _case("zip of a text", "readme.zip", "refused", zipped(("README.md", b"hello"))),
    _case("kmz without kml", "none.kmz", "refused", zipped(("picture.png", noise(100)))),
    _case("shapefile without shx", "noshx.zip", "refused", lambda _: shape_zip(".shx")),
    _case("shapefile without dbf", "nodbf.zip", "refused", lambda _: shape_zip(".dbf")),
    _case("shapefile without prj", "noprj.zip", "imports", lambda _: shape_zip(".prj")),
    _case("shapefile without cpg", "nocpg.zip", "imports", lambda _: shape_zip(".cpg")),
    _case("shapefile cut off", "cutshp.zip", "refused",
          lambda _: shape_zip(shp=shapefile()[".shp"][:150])),
    _case("shapefile of two files", "mixed.zip", "refused",
          lambda _: shape_zip(dbf=shapefile(count=3)[".dbf"])),
    _case("bare shp", "sites.shp", "refused", lambda _: shapefile()[".shp"]),
    _case("geopackage cut off", "cut.gpkg", "refused", lambda _: geopackage()[:9000]),
    _case("sqlite that is no geopackage", "other.gpkg", "refused",
          lambda _: geopackage("DROP TABLE gpkg_contents")),
    _case("geopackage with a view for a layer", "view.gpkg", "refused", lambda _: geopackage(
        'ALTER TABLE "sites" RENAME TO "hidden"; CREATE VIEW "sites" AS SELECT * FROM "hidden"')),
    _case("geopackage with a virtual table", "virtual.gpkg", "refused", lambda bait: geopackage(
        "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', 'evil', "
        f"'evil', 0, 'CREATE VIRTUAL TABLE evil USING VirtualOGR(''{bait.secret}'')')")),
    _case("geopackage with sql in its layer name", "sqlname.gpkg", "imports",
          lambda _: geopackage(layer='x"; DROP TABLE gpkg_contents; --')),
    _case("flatgeobuf cut off", "cut.fgb", "refused", b"fgb\x03fgb\x00" + noise(300)),
    _case("parquet cut off", "cut.parquet", "refused", b"PAR1" + noise(300) + b"PAR1"),
    _case("csv with latitude 95", "north.csv", "findings",
          table("name,lon,lat", "A,29.7,0.9", "B,29.7,95", "C,29.7,0.9")),
    _case("csv at 0, 0", "zero.csv", "findings",
          table("name,lon,lat", "A,29.7,0.9", "B,0,0", "C,29.71,0.9")),
    _case("csv with words for coordinates", "words.csv", "findings",
          table("name,lon,lat", "A,29.7,0.9", "B,near the river,?", "C,29.71,0.9")),
    _case("csv without coordinates", "register.csv", "findings",
          table("licence,holder,district", "1,A,Tarkwa", "2,B,Wassa")),
    _case("csv with a million columns", "wide.csv", "refused", lambda _: table(
        ",".join(f"c{number}" for number in range(1_000_000)), "1,2,3")),
    _case("csv with a giant cell", "giant.csv", "refused",
          lambda _: table("name,lon,lat", f'"{"x" * 5_000_000}",29.7,0.9')),
    _case("csv with decimal commas between commas", "shifted.csv", "findings",
          table("name,lon,lat", "A,29,7001,0,9001", "B,29,7002,0,9002", "C,29,7003,0,9003")),
    _case("csv with nul bytes", "nul.csv", "refused",
          b"name,lon,lat\n" + b"A,29.7,0.9\n" * 10_000 + b"\x00" * 10),
    _case("csv with a header alone", "header.csv", "refused", table("name,lon,lat")),
    _case("csv with infinite numbers", "inf.csv", "findings",
          table("name,lon,lat", "A,29.7,0.9", "B,inf,-inf", "C,29.7,1e400")),
    _case("csv with a column twice", "twice.csv", "imports",
          table("name,name,lon,lat", "A,a,29.7,0.9")),
    _case("csv with html and formulas", "html.csv", "imports", table(
        "name,lon,lat,note", '<img src=x onerror=alert(1)>,29.7,0.9,"=HYPERLINK(""http://x"")"')),
    _case("visits with html and formulas", "visits_html.csv", "imports", table(
        "vid,site_id,visit_date,lon,lat,mercury,territoire",
        "=1+1,<script>alert(1)</script>,2025-03-04,29.7,0.9,@SUM(A1),<b>Irumu</b>",
        "2,..\\..\\etc,2025-03-05,29.8,0.9,1,{0.__class__}"), kind="visits"),
    _case("visits with a formula without value", "visits_formula.xlsx", "findings", workbook(
        ["_uuid", "_submission_time", "lon", "lat", "mercury"],
        ["u1", "2025-03-04", *SITE, "=1+1"], ["u2", "2025-03-04", *SITE, 1]), kind="visits"),
    _case("visits in several csv with a path upwards", "visits_up.zip", "refused", zipped(
        ("../visits.csv", b"KEY,SubmissionDate,lon,lat\na,b,29.7,0.9\n"),
        ("visits-notes.csv", b"PARENT_KEY,note\na,b\n")), kind="visits"),
    _case("csv in windows-1252", "cp1252.csv", "imports",
          table("nom,lon,lat", "Rivière Épulu,29.7,0.9", encoding="cp1252")),
    _case("csv in utf-16", "utf16.csv", "imports",
          table("nom,lon,lat", "Rivière Épulu,29.7,0.9", encoding="utf-16")),
    _case("csv with longitude and latitude swapped", "swapped.csv", "findings",
          table("name,lon,lat", "A,0.9,29.7", "B,1.2,30.1")),
    _case("xlsx bomb", "bomb.xlsx", "refused", workbook_with_sheet(
        SHEET % (b'<row r="1"><c r="A1"><v>1</v></c></row>'
                 b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))),
    _case("xlsx with a cell far below", "far.xlsx", "refused", workbook_with_sheet(
        SHEET % (b'<row r="1"><c r="A1"><v>1</v></c></row>'
                 b'<row r="900000"><c r="A900000"><v>1</v></c></row>'))),
    _case("xlsx zip bomb", "zipbomb.xlsx", "refused",
          lambda _: workbook_with_sheet(SHEET % (b" " * (300 * 2**20)))),
    _case("xlsx with entities", "entities.xlsx", "refused",
          workbook_with_sheet(entity_bomb("worksheet"))),
    _case("xlsx formula without value", "formula.xlsx", "findings",
          workbook(["name", "lon", "lat"], ["A", "=14.85*2", "=0.45*2"], ["B", *SITE])),
    _case("xlsx cut off", "cut.xlsx", "refused",
          workbook(["name", "lon", "lat"], ["A", *SITE])[:-200]),
    _case("xlsx of nothing", "nothing.xlsx", "refused", workbook()),
)  # fmt: skip
