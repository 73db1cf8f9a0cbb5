"""The invented country as files: made once for a size, then read by every engine.

One GeoParquet file a kind in `bench/out/<size>-<fingerprint>/`; the fingerprint is that of the
generator's text, so a changed generator never meets old files.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

from bench import landscape

OUT = Path(__file__).resolve().parent / "out"


def country_files(size: str) -> Path:
    """The folder with the layers of a size, made where it is missing."""
    text = Path(landscape.__file__).read_bytes()
    folder = OUT / f"{size}-{hashlib.sha256(text).hexdigest()[:12]}"
    if not folder.exists():
        OUT.mkdir(exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=OUT, prefix=".making-"))
        try:
            for kind, features in landscape.landscape(landscape.SIZES[size]).items():
                features.to_parquet(made / f"{kind}.parquet")
            made.chmod(0o755)
            made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return folder
