"""A GeoTIFF somebody brought: opened by one driver alone, judged, looked through.

rasterio's list of drivers is a real one, other than pyogrio's; the others are switched off as well,
for GDAL may open a second file that a first one names. Nothing beside the file is looked at.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from geo import crs as geo_crs
from geo.errors import CrsError
from geo.pixels import pixel_size_m
from layers.facts import Kind
from layers.raster import GDAL_OPTIONS
from layers.read import labels, picture, pixels
from layers.read.gdal import DRIVERS
from layers.read.model import Inspection, Limits, ReadError, SourceLayer
from layers.read.picture_model import PictureFacts
from layers.read.raster_model import PixelValue, RasterBand, packed
from layers.read.raster_place import declared_crs
from layers.read.source import RasterFile

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

ALLOWED = {"GTiff", "COG", "MEM"}
RASTER_DRIVERS = (
    "AAIGrid", "ACE2", "ADRG", "AIG", "AirSAR", "BAG", "BIGGIF", "BLX", "BMP", "BSB", "BT", "BYN",
    "CALS", "CEOS", "COASP", "COSAR", "CPG", "CTG", "CTable2", "DAAS", "DERIVED", "DIMAP", "DIPEx",
    "DOQ1", "DOQ2", "DTED", "ECRGTOC", "EEDAI", "EHdr", "EIR", "ELAS", "ENVI", "ERS", "ESAT",
    "ESRIC", "FAST", "FIT", "GFF", "GIF", "GNMDatabase", "GNMFile", "GRASSASCIIGrid", "GRIB",
    "GS7BG", "GSAG", "GSBG", "GSC", "GTI", "GTX", "GXF", "GenBin", "HDF4", "HDF4Image", "HDF5",
    "HDF5Image", "HEIF", "HF2", "HFA", "ILWIS", "IRIS", "ISCE", "ISG", "ISIS2", "ISIS3",
    "JAXAPALSAR", "JDEM", "JPEG", "JPEGXL", "KEA", "KMLSUPEROVERLAY", "KRO", "L1B", "LAN", "LCP",
    "LERC", "LOSLAS", "Leveller", "MAP", "MFF", "MFF2", "MRF", "MSGN", "NDF", "NGSGEOID", "NITF",
    "NOAA_B", "NSIDCbin", "NTv2", "NWT_GRC", "NWT_GRD", "OZI", "PAux", "PCRaster", "PDS",
    "PLMOSAIC", "PNG", "PNM", "PRF", "R", "RIK", "RMF", "ROI_PAC", "RPFTOC", "RRASTER", "RS2",
    "RST", "Rasterlite", "S102", "S104", "S111", "SAFE", "SAGA", "SAR_CEOS", "SDTS", "SENTINEL2",
    "SGI", "SIGDEM", "SNAP_TIFF", "SNODAS", "SRP", "SRTMHGT", "STACIT", "STACTA", "TGA", "TIL",
    "TSX", "Terragen", "USGSDEM", "VRT", "WCS", "WEBP", "WMS", "WMTS", "XPM", "XYZ", "ZMap", "Zarr",
    "AVIF", "LIBERTIFF", "netCDF",
)  # fmt: skip
LOSSY = {"jpeg", "webp", "jxl", "jpeg2000"}
COLOURS = {"red", "green", "blue", "cyan", "magenta", "yellow", "hue"}
BORDER_SHARE = 0.5
"""From this share of the border on, a value that fills it is suggested as "no data"."""


@contextmanager
def opened(file: RasterFile, limits: Limits) -> "Iterator[DatasetReader]":
    """A raster that passed what its header tells; ReadError with one sentence otherwise."""
    _only_tiff()
    import rasterio  # noqa: PLC0415 - GDAL reads GDAL_SKIP when it is loaded, not later
    from rasterio.errors import RasterioError  # noqa: PLC0415

    with rasterio.Env(**GDAL_OPTIONS, GDAL_CACHEMAX=256) as env:
        left = set(env.drivers()) - ALLOWED
        if left:
            raise ReadError(
                "This installation's GDAL opens formats we have not judged "
                f"({', '.join(sorted(left))}); reading rasters is switched off. "
                "Tell your administrator."
            )
        try:
            with rasterio.open(file.path, driver="GTiff") as dataset:
                _judge(dataset, limits)
                yield dataset
        except RasterioError as error:
            raise ReadError(
                "The raster is damaged, cut off, or not the GeoTIFF its name says. Download it "
                "again, or save it again from the program it came from."
            ) from error


def _only_tiff() -> None:
    if "rasterio" not in sys.modules:
        os.environ["CPL_LOG"] = "/dev/null"  # GDAL warns of every name it does not know
        os.environ["GDAL_SKIP"] = ",".join(
            each for each in (*DRIVERS, *RASTER_DRIVERS) if each not in ALLOWED
        )


def _judge(dataset: "DatasetReader", limits: Limits) -> None:
    """Refuse by the header alone what is too large or lies nowhere."""
    many = int(dataset.width) * int(dataset.height)
    if many > limits.max_pixels:
        raise ReadError(
            f"The raster has {dataset.width:,} x {dataset.height:,} pixels; at most "
            f"{limits.max_pixels:,} are accepted. Cut it to the region and bring that."
        )
    if dataset.count > limits.max_bands:
        raise ReadError(
            f"The raster has {dataset.count} bands; at most {limits.max_bands} are accepted. "
            "Bring the bands that are needed: the one that holds the classes, or three colours."
        )
    for (height, width), dtype in zip(dataset.block_shapes, dataset.dtypes, strict=True):
        if height * width * np.dtype(_known(dtype)).itemsize > limits.max_block_bytes:
            raise ReadError(
                f"The raster is stored in blocks of {width:,} x {height:,} pixels, too large to "
                "read piece by piece. Save it as a tiled GeoTIFF (TILED=YES) and bring it again."
            )
    _judge_place(dataset)


def _known(dtype: str) -> str:
    if dtype.startswith("complex"):
        raise ReadError(
            "The raster holds complex numbers: that is a radar measurement, neither classes of "
            "land nor a picture. Classify it first, and bring the classes as whole numbers."
        )
    return dtype


def _judge_place(dataset: "DatasetReader") -> None:
    place = dataset.transform
    if not place.is_identity:
        return
    if dataset.gcps[0] or dataset.rpcs:
        raise ReadError(
            "The raster says where it lies by single control points or a camera model only, so "
            "each of its pixels would have to be moved. Warp it to a grid with a coordinate "
            "system (QGIS: Raster, Projections, Warp) and bring that."
        )
    raise ReadError(
        "The raster does not say where it lies: it has no size of a pixel and no corner. "
        "Georeference it, or export it again as GeoTIFF (a world file beside it is not read)."
    )


def judge_classes(dataset: "DatasetReader") -> None:
    """Refuse by the header alone what cannot hold classes of land."""
    _judge_colours(dataset)
    compression = dataset.compression.value.lower() if dataset.compression else ""
    if compression in LOSSY:
        raise ReadError(
            f"The raster is stored with {compression.upper()} compression, which changes numbers, "
            "so its classes cannot be trusted. Export it with LZW, DEFLATE or no compression."
        )
    place = dataset.transform
    if abs(place.b) > 1e-9 * abs(place.a) or abs(place.d) > 1e-9 * abs(place.e):
        raise ReadError(
            "The raster is rotated: its rows do not run from west to east. Warp it to a grid "
            "with north up, by nearest neighbour, and bring that."
        )
    if not (place.a > 0 > place.e):
        raise ReadError(
            "The raster is stored upside down or mirrored: its first row is not the northernmost, "
            "read from the west. Export it again with north up."
        )


def _judge_colours(dataset: "DatasetReader") -> None:
    found = {one.name.lower() for one in dataset.colorinterp}
    if len(found & COLOURS) >= 3 or "ycbcr" in str(dataset.photometric or "").lower():
        raise ReadError(
            "The raster is a picture in red, green and blue, not classes of land: its numbers are "
            "colours. Bring the raster that holds one class number for each pixel, or bring this "
            "one as a picture."
        )


def inspected(file: RasterFile, filename: str, limits: Limits, say: pixels.Say) -> Inspection:
    """What is in a raster: each band that can hold classes is a layer, with every value it holds.

    What can only be a picture, or can be one of several bands, is a layer of its own.
    """
    with opened(file, limits) as dataset:
        layers = _class_layers(file, dataset, limits, say)
        if isinstance(layers, ReadError):
            if picture.why_none(dataset, limits) is not None:
                raise layers
            layers = []
        bands = usable_bands(dataset)
        if picture.why_none(dataset, limits) is None and (not layers or len(bands) > 1):
            seen = picture.look(dataset, bands, limits=limits, say=say)
            layers.append(_picture_layer(file, dataset, seen, alone=not layers))
    return Inspection(filename=filename, format=file.format, layers=tuple(layers))


def _class_layers(
    file: RasterFile, dataset: "DatasetReader", limits: Limits, say: pixels.Say
) -> list[SourceLayer] | ReadError:
    """A layer for each band of classes, else the sentence that says why there is none."""
    bands = usable_bands(dataset)
    layers = []
    try:
        judge_classes(dataset)
        for place, band in enumerate(bands):

            def tell(share: float, done: int = place) -> None:
                say((done + share) / len(bands))

            tallied = pixels.tally(
                dataset, band, has_mask=has_mask(dataset, band), limits=limits, say=tell
            )
            layers.append(_layer(file, dataset, band, tallied, many=len(bands)))
    except ReadError as error:
        return error
    return layers


def _picture_layer(
    file: RasterFile, dataset: "DatasetReader", seen: PictureFacts, *, alone: bool
) -> SourceLayer:
    crs = _usable_crs(declared_crs(dataset))
    return SourceLayer(
        name=file.name if alone else "All bands as a picture",
        geometry_type="Picture",
        rows=seen.width * seen.height,
        declared_crs=_shown_crs(crs),
        picture=seen,
    )


def usable_bands(dataset: "DatasetReader") -> list[int]:
    """The numbers, from 1, of bands that are not a mask of another."""
    return [
        band for band, meaning in enumerate(dataset.colorinterp, start=1)
        if meaning.name.lower() != "alpha"
    ] or [1]  # fmt: skip


def chosen_band(dataset: "DatasetReader", band: int | None) -> int:
    """The band to read; where there are several, somebody has to say which."""
    usable = usable_bands(dataset)
    listed = ", ".join(str(one) for one in usable)
    if band is None and len(usable) == 1:
        return usable[0]
    if band is None:
        raise ReadError(
            f"The raster has several bands: {listed}. Say which one holds the classes (band)."
        )
    if band not in usable:
        raise ReadError(f"The raster has no band {band} with values. It has: {listed}.")
    return band


def has_mask(dataset: "DatasetReader", band: int) -> bool:
    """Whether a mask or an alpha band of the file says which pixels have a value."""
    flags = {flag.name for flag in dataset.mask_flag_enums[band - 1]}
    return bool(flags & {"per_dataset", "alpha"})


def declared_nodata(dataset: "DatasetReader", band: int) -> int | None:
    """The pixel value the file declares as "no data"; None where there is none.

    None too where it is no number of a class (NaN, -3.4e38): such pixels have no value at all. Of a
    raster of bytes that declares -9999 rasterio says that it declares nothing, rightly.
    """
    told = dataset.nodatavals[band - 1]
    return int(told) if told is not None and pixels.is_class_value(told) else None


def suggested_nodata(tallied: pixels.Tallied) -> int | None:
    """A value that fills most of the border; only ever shown."""
    total = sum(tallied.border.values())
    if not total:
        return None
    value, many = max(tallied.border.items(), key=lambda item: (item[1], -item[0]))
    return value if many >= BORDER_SHARE * total and len(tallied.counts) > 1 else None


def band_facts(
    file: RasterFile,
    dataset: "DatasetReader",
    band: int,
    tallied: pixels.Tallied,
    *,
    crs: str | None,
    area: geo_crs.Bounds,
    kind: Kind,
) -> RasterBand:
    """A band as it is shown to a person; hectares only once the CRS is known."""
    nodata = declared_nodata(dataset, band)
    areas = tallied.areas_ha(crs=crs, area_of_interest=area) if crs else {}
    colors = _colour_table(dataset, band)
    middle = tallied.middles(nodata=nodata)
    size = None
    if crs and len(middle):
        size = pixel_size_m(
            middle[len(middle) // 2 : len(middle) // 2 + 1],
            width=tallied.pixel[0],
            height=tallied.pixel[1],
            crs=crs,
            area_of_interest=area,
        )
        size = size if np.isfinite(size).all() else None
    return RasterBand(
        band=band,
        bands=int(dataset.count),
        width=int(dataset.width),
        height=int(dataset.height),
        dtype=str(dataset.dtypes[band - 1]),
        pixel=tallied.pixel,
        pixel_m=size,
        nodata=nodata,
        nodata_suggested=suggested_nodata(tallied) if nodata is None else None,
        masked=tallied.masked,
        values=tuple(
            PixelValue(
                value=value,
                pixels=many,
                label=file.labels.get(value),
                color=colors.get(value),
                suggested=labels.suggested_class(file.labels.get(value), kind),
                area_ha=_finite(areas.get(value)),
            )
            for value, many in sorted(tallied.counts.items())
        ),
        preview=packed(tallied.preview),
    )


def _finite(area: float | None) -> float | None:
    return None if area is None or not np.isfinite(area) else area


def _colour_table(dataset: "DatasetReader", band: int) -> dict[int, str]:
    try:
        table: dict[int, Any] = dataset.colormap(band)
    except ValueError:  # the band has none
        return {}
    return {int(value): "#{:02x}{:02x}{:02x}".format(*rgba[:3]) for value, rgba in table.items()}


def _layer(
    file: RasterFile,
    dataset: "DatasetReader",
    band: int,
    tallied: pixels.Tallied,
    *,
    many: int,
) -> SourceLayer:
    from layers import facts  # noqa: PLC0415 - for its words only

    declared = declared_crs(dataset)
    crs = _usable_crs(declared)
    whole = (-180.0, -90.0, 180.0, 90.0)
    area = _around(tallied, crs) if crs else whole
    raster = band_facts(
        file,
        dataset,
        band,
        tallied,
        crs=crs,
        area=area,
        kind=facts.kind("landcover"),
    )
    told = dataset.descriptions[band - 1]
    described = f": {labels.short(told)}" if told else ""
    return SourceLayer(
        name=file.name if many == 1 else f"Band {band}{described}",
        geometry_type="Raster",
        rows=raster.pixels,
        declared_crs=_shown_crs(crs),
        raster=raster,
    )


def _around(tallied: pixels.Tallied, crs: str) -> geo_crs.Bounds:
    """Where a raster lies roughly, to pick among datum shifts before the region is known."""
    xy = tallied.middles(nodata=None)
    degrees = geo_crs.points_to_wgs84(xy, crs, area_of_interest=(-180.0, -90.0, 180.0, 90.0))
    degrees = degrees[np.isfinite(degrees).all(axis=1)]
    if not len(degrees):
        return (-180.0, -90.0, 180.0, 90.0)
    (west, south), (east, north) = degrees.min(axis=0), degrees.max(axis=0)
    return float(west), float(south), float(east), float(north)


def _usable_crs(declared: str | None) -> str | None:
    if declared is None:
        return None
    try:
        return geo_crs.crs_text(geo_crs.known_crs(declared))
    except CrsError:
        return None


def _shown_crs(crs: str | None) -> str | None:
    if crs is None or len(crs) < 40:
        return crs
    return str(geo_crs.known_crs(crs).name)


def fits(kind: Kind) -> None:
    """Refuse a raster for a kind of features."""
    if not kind.is_raster:
        raise ReadError(
            f"The file is a raster, and {kind.title} are features. Bring it as land cover or as a "
            "picture, or bring features."
        )
