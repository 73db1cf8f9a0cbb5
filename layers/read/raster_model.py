"""What a look at a raster tells: its grid, its bands, the pixel values of one band."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

LEAVE_OUT = "leave-out"
"""What is said of a pixel value that is to have no class."""
NO_NODATA = "none"
"""What is said where no pixel value means "no data"."""


@dataclass(frozen=True, kw_only=True)
class PixelValue:
    """A value of a band. `label` is what the file calls it, None where it does not.

    `color` is the file's own ("#rrggbb"). `suggested` is the class whose words the label holds:
    shown to a person, never used by itself. `area_ha` is hectares on the ellipsoid, None while
    the coordinate system is not known.
    """

    value: int
    pixels: int
    label: str | None = None
    color: str | None = None
    suggested: str | None = None
    area_ha: float | None = None


@dataclass(frozen=True, kw_only=True)
class RasterBand:
    """A band of a raster, looked through whole.

    `pixel` is the size of a pixel in units of the raster's CRS, `pixel_m` in metres on the ground,
    None while the CRS is not known. `nodata` is the value that the file declares as "no data";
    `nodata_suggested` is one that fills the border where none is declared. `masked` pixels have
    no value at all. `preview` is a small picture of values, see `preview_values`.
    """

    band: int
    bands: int
    width: int
    height: int
    dtype: str
    pixel: tuple[float, float]
    pixel_m: tuple[float, float] | None = None
    nodata: int | None = None
    nodata_suggested: int | None = None
    masked: int = 0
    values: tuple[PixelValue, ...] = ()
    preview: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pixels(self) -> int:
        """All pixels of the band."""
        return self.width * self.height

    def as_json(self) -> dict[str, Any]:
        """The band as plain JSON types."""
        return vars(self) | {
            "pixel": list(self.pixel),
            "pixel_m": None if self.pixel_m is None else list(self.pixel_m),
            "values": [dict(vars(one)) for one in self.values],
            "preview": dict(self.preview),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "RasterBand":
        """The band that `as_json` wrote."""
        x, y = (float(one) for one in record["pixel"])
        size = record["pixel_m"]
        return cls(
            **{
                **record,
                "pixel": (x, y),
                "pixel_m": None if size is None else (float(size[0]), float(size[1])),
                "values": tuple(PixelValue(**one) for one in record["values"]),
            }
        )

    def preview_values(self) -> npt.NDArray[np.float64]:
        """The picture as an array of pixel values; NaN where there is none."""
        return unpacked(self.preview)


def packed(values: npt.NDArray[np.float64]) -> dict[str, Any]:
    """A picture of pixel values as plain JSON types."""
    data = zlib.compress(np.ascontiguousarray(values, dtype="<f8").tobytes())
    height, width = values.shape
    return {"height": height, "width": width, "data": base64.b64encode(data).decode("ascii")}


def unpacked(told: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """The picture that `packed` wrote; ValueError where it is larger than a preview."""
    shape = (int(told["height"]), int(told["width"]))
    if not (0 < shape[0] <= 4096 and 0 < shape[1] <= 4096):
        raise ValueError("The preview is larger than a preview.")
    raw = zlib.decompressobj().decompress(base64.b64decode(told["data"]), shape[0] * shape[1] * 8)
    return np.frombuffer(raw, dtype="<f8").reshape(shape)
