"""What a look at a picture tells: its grid, its bands, what the file says of their colours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from layers.read.raster_model import NO_NODATA, RasterBand, unpacked

NO_STRETCH = "none"
"""What the mapping says where values were of 8 bits and stay as they are."""
STRETCH_OF_16_BITS = (2.0, 98.0)
"""Percentiles between which 16 bits become 8 where nobody says others; what QGIS shows at first."""
BY_ALPHA, BY_MASK = "alpha", "mask"
"""What says pixel by pixel where there is no data, where no value does."""


@dataclass(frozen=True, kw_only=True)
class PictureBand:
    """A band of a picture.

    `means` is what the file declares it to be: red, green, blue, grey or another word; None where
    it declares nothing. `description` is its name in the file. `quantiles` are the values at 0, 1,
    ... 100 % of the pixels with data, empty where there are none. `preview` is a small picture of
    its values, see `preview_values`.
    """

    band: int
    dtype: str
    means: str | None = None
    description: str | None = None
    quantiles: tuple[float, ...] = ()
    preview: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The number of the band with what the file calls it."""
        told = self.description or self.means
        return f"{self.band} ({told})" if told else str(self.band)

    def preview_values(self) -> npt.NDArray[np.float64]:
        """The small picture as an array of values; NaN where there is no data."""
        return unpacked(self.preview)


@dataclass(frozen=True, kw_only=True)
class PictureFacts:
    """A picture, looked through whole.

    `pixel` is the size of a pixel in units of the CRS, `pixel_m` in metres on the ground, None
    while the CRS is not known. `declared` are the bands the file declares as red, green and blue,
    or as its one grey; empty where it declares none. `nodata` is what means "no data" by the file:
    a pixel value, "alpha", "mask", or "none". `border` is the value that fills the border in all
    bands where nothing means "no data": only ever shown. `palette` is the colour ("#rrggbb") of
    each value of a picture with a colour table.
    """

    width: int
    height: int
    bands: tuple[PictureBand, ...]
    pixel: tuple[float, float]
    pixel_m: tuple[float, float] | None
    declared: tuple[int, ...]
    nodata: str
    without_data: int = 0
    border: int | None = None
    palette: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_deep(self) -> bool:
        """Whether its values have more than 8 bits, so that they must be stretched."""
        return any(band.dtype != "uint8" for band in self.bands)

    def band(self, number: int) -> PictureBand:
        """A band by its number."""
        return next(one for one in self.bands if one.band == number)

    def as_json(self) -> dict[str, Any]:
        """The facts as plain JSON types."""
        return vars(self) | {
            "bands": [
                vars(one) | {"quantiles": list(one.quantiles), "preview": dict(one.preview)}
                for one in self.bands
            ],
            "pixel": list(self.pixel),
            "pixel_m": None if self.pixel_m is None else list(self.pixel_m),
            "declared": list(self.declared),
            "palette": {str(value): color for value, color in self.palette.items()},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "PictureFacts":
        """The facts that `as_json` wrote."""
        x, y = (float(one) for one in record["pixel"])
        size = record["pixel_m"]
        return cls(
            **{
                **record,
                "bands": tuple(
                    PictureBand(**{**one, "quantiles": tuple(one["quantiles"])})
                    for one in record["bands"]
                ),
                "pixel": (x, y),
                "pixel_m": None if size is None else (float(size[0]), float(size[1])),
                "declared": tuple(int(one) for one in record["declared"]),
                "palette": {int(value): str(c) for value, c in record["palette"].items()},
            }
        )


def as_picture(band: RasterBand) -> PictureFacts:
    """A band that could hold classes, as the grey picture, or the one with a palette, it is too."""
    told = [one for one in band.values if one.value != band.nodata]
    counts = np.array([one.pixels for one in told], dtype=np.int64)
    values = np.array([one.value for one in told], dtype=np.float64)
    quantiles: tuple[float, ...] = ()
    if counts.sum():
        wanted = np.maximum(1, np.ceil(np.arange(101) / 100 * counts.sum()))
        quantiles = tuple(values[np.searchsorted(np.cumsum(counts), wanted)].tolist())
    return PictureFacts(
        width=band.width,
        height=band.height,
        bands=(
            PictureBand(
                band=band.band, dtype=band.dtype, quantiles=quantiles, preview=band.preview
            ),
        ),
        pixel=band.pixel,
        pixel_m=band.pixel_m,
        declared=(band.band,),
        nodata=str(band.nodata) if band.nodata is not None else NO_NODATA,
        without_data=band.pixels - int(counts.sum()),
        border=band.nodata_suggested,
        palette={one.value: one.color for one in band.values if one.color},
    )
