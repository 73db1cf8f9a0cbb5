"""A file somebody is bringing: on disk for as long as they work on it, looked into once."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dashboard import workflows
from layers.read import Inspection, ReadError


class Uploaded(Protocol):
    """What the browser sent: Streamlit's UploadedFile."""

    file_id: str
    name: str

    def getbuffer(self) -> memoryview:
        """The bytes."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An uploaded file. `refusal` is the reader's sentence where there is no `inspection`.

    The folder goes when the last one who holds this lets go of it: with the visitor's session.
    """

    token: str
    filename: str
    path: Path
    inspection: Inspection | None
    refusal: str | None
    folder: tempfile.TemporaryDirectory[str] = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """An uploaded file on disk, not looked into; the folder goes with the visitor's session."""

    token: str
    filename: str
    path: Path
    folder: tempfile.TemporaryDirectory[str] = field(repr=False, compare=False)


def keep(uploaded: Uploaded) -> KeptFile:
    """Put the bytes on disk for as long as somebody works on them."""
    folder = tempfile.TemporaryDirectory(prefix="commonground-upload-")
    path = Path(folder.name) / "upload"
    path.write_bytes(uploaded.getbuffer())
    return KeptFile(token=uploaded.file_id, filename=uploaded.name, path=path, folder=folder)


def receive(uploaded: Uploaded) -> Upload:
    """Put the bytes on disk and look into them, in the reader's own process."""
    kept = keep(uploaded)
    inspection, refusal = None, None
    try:
        inspection = workflows.inspect_upload(kept.path, filename=uploaded.name)
    except ReadError as error:
        refusal = str(error)
    if inspection is not None and not inspection.layers:
        inspection, refusal = None, f"'{uploaded.name}' holds no layer and no table."
    return Upload(
        token=kept.token,
        filename=kept.filename,
        path=kept.path,
        inspection=inspection,
        refusal=refusal,
        folder=kept.folder,
    )
