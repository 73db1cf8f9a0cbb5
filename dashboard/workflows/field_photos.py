"""Photos from the field made small for packs, by the worker that reads what people bring."""

import logging
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from layers.field.records import Keepsake
from layers.read import ReadError, small_photo
from layers.store import Store

MOST = 2
"""Photos of a voice that a pack carries."""

log = logging.getLogger(__name__)


def small_photos(store: Store, pictures: Sequence[Keepsake]) -> tuple[bytes, ...]:
    """The first photos as small JPEGs with nothing but pixels inside; made once and kept.

    One that cannot be opened is left out: the review page shows that it came.
    """
    found = []
    for picture in pictures[:MOST]:
        name = f"photos/{picture.sha256}.jpg"
        content = store.read_derived(name)
        if content is None:
            try:
                content = _made(store, picture)
            except ReadError as error:
                log.warning("a photo from the field is not in the pack: %s", error)
                continue
            store.write_derived(name, content)
        found.append(content)
    return tuple(found)


def _made(store: Store, picture: Keepsake) -> bytes:
    with tempfile.TemporaryDirectory(prefix="photo-") as folder:
        path = Path(folder) / "photo"
        with store.open_original(picture.sha256) as original, path.open("wb") as copy:
            shutil.copyfileobj(original, copy)
        return small_photo(path, filename=picture.name)
