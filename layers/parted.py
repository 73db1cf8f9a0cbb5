"""Layers measured and cut into parts: one GeoParquet file in the measuring CRS, a row group a part.

Features stand in Hilbert order, so a part lies together and a task reads only what is near it. The
file says of each part how many features and vertices it has and where it lies; rows of a part are
chosen by their boxes before any outline is decoded. Files are read through fsspec, so they may lie
in a folder or in object storage.
"""

import io
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from hashlib import blake2b
from typing import Any, BinaryIO, cast

import fsspec
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyproj
import shapely

from geo.boxes import BoxIndex
from geo.measure import Array, LayerFrame, Side, prepare_side
from geo.parts import Bounds, FewFeatures, Part, cuts, part_of
from geo.updates import Change

META = b"commonground:parts"
KEPT_BYTES = 384 << 20
"""Row groups a process keeps as they were read, all files together."""

_MEASURED = ("place", "feature_class", "holder", "radius_m", "sd_m", "half_width_m", "form")

_REPEATED = ("feature_class", "holder", "form", "radius_m", "sd_m", "half_width_m")
"""Columns that say the same again and again. Outlines hardly shrink, but take long to unpack."""


def write_parts(layer: LayerFrame, *, measuring_crs: Any, extra: Sequence[str] = ()) -> bytes:
    """A layer as a file that `PartFile` reads; `extra` names more columns to keep.

    Raises what `geo.measure.prepare_side` raises: a wrong CRS, double ids, invalid geometries.
    """
    side = prepare_side(layer, measuring_crs=measuring_crs)
    order = _along_a_curve(side)
    table = _table(side, layer, order, extra)
    ends = cuts(side.vertices[order])
    parts = [part_of(side.take(order[low:high]), number=n) for n, (low, high) in enumerate(ends)]
    about = {
        "layer_id": layer.layer_id,
        "kind": layer.kind,
        "largest_sd_m": float(side.sd_m.max(initial=0.0)),
        "largest_extent_m": float(
            max(side.radius_m.max(initial=0), side.half_width_m.max(initial=0))
        ),
        "parts": [asdict(part) for part in parts],
    }
    told = {META: json.dumps(about).encode(), b"geo": _geo(measuring_crs)}
    stream = io.BytesIO()
    schema = table.schema.with_metadata(told)
    with pq.ParquetWriter(
        stream, schema, compression="lz4", use_dictionary=list(_REPEATED)
    ) as writer:
        for low, high in ends:
            rows = table.slice(low, high - low).cast(schema)
            writer.write_table(rows, row_group_size=max(high - low, 1))
    return stream.getvalue()


def _along_a_curve(side: Side) -> Array:
    if not len(side):
        return np.zeros(0, dtype="int64")
    distance = gpd.GeoSeries(side.geometry).hilbert_distance(shapely.total_bounds(side.geometry))
    order: Array = np.lexsort((side.place, distance.to_numpy()))
    return order


def _table(side: Side, layer: LayerFrame, order: Array, extra: Sequence[str]) -> pa.Table:
    moved = side.take(order)
    box = shapely.bounds(moved.geometry)
    columns: dict[str, Any] = {
        "place": np.argsort(np.argsort(side.place))[order],
        "feature_id": pa.array(moved.ids, pa.string()),
        "feature_class": pa.array(moved.feature_class, pa.string()),
        "holder": pa.array(moved.holder, pa.string()),
        "radius_m": moved.radius_m,
        "sd_m": moved.sd_m,
        "half_width_m": moved.half_width_m,
        "form": pa.array(moved.form, pa.int8()),
        "bbox": pa.StructArray.from_arrays(
            [pa.array(box[:, n]) for n in range(4)], ["xmin", "ymin", "xmax", "ymax"]
        ),
        "geometry": pa.array(shapely.to_wkb(moved.geometry), pa.binary()),
    }
    columns["digest"] = pa.array(_digests(moved, columns["geometry"]), pa.binary(16))
    frame = layer.features
    at = frame["feature_id"].astype("str")
    rows = pd.Index(at).get_indexer(pd.Index(moved.ids))
    for name in extra:
        if name in frame and name not in columns:
            columns[name] = pa.Array.from_pandas(frame[name].iloc[rows])
    return pa.table(columns)


def _digests(side: Side, outlines: pa.Array) -> Iterator[bytes]:
    """For each feature a digest of all that the engine reads of it; 128 bits: alike is the same.

    A version is compared with the next by these, without its outlines being read.
    """
    numbers = np.column_stack([side.radius_m, side.sd_m, side.half_width_m, side.form])
    words = zip(side.feature_class.tolist(), side.holder.tolist(), strict=True)
    for outline, row, said in zip(outlines.to_pylist(), numbers, words, strict=True):
        told = outline + row.tobytes() + repr(said).encode()
        yield blake2b(told, digest_size=16).digest()


def _geo(measuring_crs: Any) -> bytes:
    covering = {"bbox": {edge: ["bbox", edge] for edge in ("xmin", "ymin", "xmax", "ymax")}}
    column = {
        "encoding": "WKB",
        "geometry_types": [],
        "crs": pyproj.CRS.from_user_input(measuring_crs).to_json_dict(),
        "covering": covering,
    }
    about = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return json.dumps(about).encode()


class PartFile:
    """A file of `write_parts`, by its path or URL; a `geo.parts.PartedLayer`.

    Only the URL and the parts travel to another process; there the file is opened again.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        about = json.loads(self._footer.metadata[META])
        self.layer_id: str = about["layer_id"]
        self.kind: str = about["kind"]
        self.largest_sd_m: float = about["largest_sd_m"]
        self.largest_extent_m: float = about["largest_extent_m"]
        self.parts = tuple(
            Part(**{**part, "bounds": cast(Bounds, tuple(part["bounds"]))})
            for part in about["parts"]
        )

    def __getstate__(self) -> dict[str, Any]:
        kept = ("url", "layer_id", "kind", "largest_sd_m", "largest_extent_m", "parts")
        return {name: self.__dict__[name] for name in kept}

    def only(self, places: Array) -> FewFeatures:
        """The features at these places of its order of ids."""
        tables = []
        for part in self.parts:
            wanted = np.isin(self._row_group(part.number)["place"].to_numpy(), places)
            if wanted.any():
                tables.append(self._row_group(part.number).filter(pa.array(wanted)))
        return FewFeatures(self._side(tables), of=self)

    def meeting(self, boxes: Array) -> FewFeatures:
        """The features whose boxes meet one of these (n, 4), and perhaps some more."""
        return FewFeatures(self.near(boxes), of=self)

    def part(self, number: int) -> Side:
        """The features of one part."""
        return self._side([self._row_group(number)])

    def near(self, boxes: Array) -> Side:
        """The features whose boxes meet one of these (n, 4), and perhaps some more."""
        index = BoxIndex(boxes)
        bounds = np.array([part.bounds for part in self.parts]).reshape(-1, 4)
        tables = []
        for number in np.flatnonzero(index.meets(bounds)).tolist():
            table = self._row_group(number)
            if not index.one_holds(bounds[number]):
                table = table.filter(pa.array(index.meets(_boxes_of(table))))
            tables.append(table)
        return self._side(tables)

    @property
    def features(self) -> int:
        """How many features the layer has."""
        return sum(part.features for part in self.parts)

    def frame(self) -> LayerFrame:
        """The whole layer as a frame in the measuring CRS, in the order of ids."""
        with _opened(self.url) as file:
            frame = gpd.read_parquet(file)
        frame = frame.sort_values("place", ignore_index=True).rename(
            columns={"sd_m": "position_sd_m"}
        )
        used = frame.drop(
            columns=["place", "half_width_m", "form", "bbox", "digest"], errors="ignore"
        )
        return LayerFrame(layer_id=self.layer_id, kind=self.kind, features=used, checked=True)

    def ids_at(self, places: Array) -> Array:
        """Ids of the features at these places of the layer's order of ids."""
        ids: Array = self._ids.take(pa.array(places)).to_numpy(zero_copy_only=False)
        return ids

    @cached_property
    def _ids(self) -> pa.Array:
        with _opened(self.url) as file:
            table = pq.ParquetFile(file).read(columns=["place", "feature_id"]).combine_chunks()
        return table["feature_id"].take(pc.sort_indices(table["place"])).combine_chunks()

    @cached_property
    def _footer(self) -> Any:
        with _opened(self.url) as file:
            return pq.read_metadata(file)

    def _row_group(self, number: int) -> pa.Table:
        """A row group, from memory where it is there."""
        table = _tables.get((self.url, number))
        if table is None:
            columns = [*_MEASURED, "bbox", "geometry"]
            with _opened(self.url) as file:
                whole = pq.ParquetFile(file, metadata=self._footer)
                table = whole.read_row_group(number, columns=columns)
            _tables.put((self.url, number), table, table.nbytes)
        return table

    def _side(self, tables: list[pa.Table]) -> Side:
        schema = self._footer.schema.to_arrow_schema()
        empty = pa.schema([schema.field(name) for name in (*_MEASURED, "geometry")]).empty_table()
        names = empty.column_names
        table = pa.concat_tables([empty, *(one.select(names) for one in tables)]).combine_chunks()
        place = table["place"].to_numpy()
        if len(place) and not np.all(place[1:] > place[:-1]):
            table = table.take(pa.array(np.argsort(place))).combine_chunks()
        arrays = {
            name: table[name].to_numpy()
            for name in _MEASURED
            if name not in ("feature_class", "holder")
        }
        geometry = shapely.from_wkb(table["geometry"].to_numpy())
        return Side(
            layer_id=self.layer_id,
            kind=self.kind,
            ids=arrays["place"],
            geometry=np.asarray(geometry, dtype=object),
            feature_class=_texts(table["feature_class"]),
            holder=_texts(table["holder"]),
            **arrays,
        )


def change_of(old: PartFile, new: PartFile) -> Change:
    """What became of a layer between two versions measured in the same CRS.

    A feature is the same where all that the engine reads of it is, its geometry to the last bit.
    """
    before, after = _digests_of(old), _digests_of(new)
    where = pc.index_in(before["feature_id"], value_set=after["feature_id"])
    stays = np.flatnonzero(where.is_valid().to_numpy(zero_copy_only=False))
    at = where.drop_null()
    same = pc.equal(before["digest"].take(pa.array(stays)), after["digest"].take(at))
    same = same.to_numpy(zero_copy_only=False)
    gone, come = np.ones(len(before), dtype=bool), np.ones(len(after), dtype=bool)
    gone[stays[same]] = False
    come[at.to_numpy()[same]] = False
    return Change(
        old=old,
        new=new,
        gone=np.sort(before["place"].to_numpy()[gone]),
        come=np.sort(after["place"].to_numpy()[come]),
    )


def _digests_of(layer: PartFile) -> pa.RecordBatch:
    with _opened(layer.url) as file:
        table = pq.ParquetFile(file).read(columns=["place", "feature_id", "digest"])
    return table.combine_chunks().to_batches()[0] if len(table) else _NO_DIGESTS


_NO_DIGESTS = pa.RecordBatch.from_pylist(
    [],
    schema=pa.schema(
        [("place", pa.int64()), ("feature_id", pa.string()), ("digest", pa.binary(16))]
    ),
)


def _texts(column: pa.ChunkedArray) -> Array:
    coded = pc.dictionary_encode(column.combine_chunks(), null_encoding="encode")
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    words = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
    texts: Array = words[coded.indices.to_numpy(zero_copy_only=False)]
    return texts


def _boxes_of(table: pa.Table) -> Array:
    box = table["bbox"].combine_chunks()
    return np.column_stack([box.field(n).to_numpy() for n in range(4)])


def _opened(url: str) -> BinaryIO:
    return cast(BinaryIO, fsspec.open(url, "rb").open())


class _Kept:
    """The last tables read, up to so many bytes; several threads share it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.total = 0
        self.items: OrderedDict[tuple[str, int], tuple[pa.Table, int]] = OrderedDict()
        self.guard = threading.Lock()

    def get(self, key: tuple[str, int]) -> pa.Table | None:
        with self.guard:
            if key not in self.items:
                return None
            self.items.move_to_end(key)
            return self.items[key][0]

    def clear(self) -> None:
        with self.guard:
            self.items.clear()
            self.total = 0

    def put(self, key: tuple[str, int], item: pa.Table, size: int) -> None:
        with self.guard:
            if key in self.items:
                return
            self.items[key] = item, size
            self.total += size
            while len(self.items) > 1 and self.total > self.most:
                self.total -= self.items.popitem(last=False)[1][1]


# files are never changed, so a URL and a number are a key
_tables = _Kept(KEPT_BYTES)


def forget() -> None:
    """Let go of all that was read; the next reading starts from the files."""
    _tables.clear()
