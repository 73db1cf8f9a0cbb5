"""What Streamlit's page loads, made smaller once, when the product is set up.

`python -m dashboard.packing` cuts Streamlit's two fonts down to what can be on our pages (546 kB
become 120) and packs its scripts as tightly as brotli can, which takes too long for an answer.
Everything goes by content: where a file is not here, or Streamlit is another one, the plain file is
sent as before. See docs/decisions/0016-page-weight.md.
"""

import hashlib
import io
import re
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import brotli  # type: ignore[import-untyped]
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import assets
from dashboard.typefaces import LETTERS, PACKED, SHELL, TEXT_FONT, write_typefaces

LARGEST = 1_000_000
"""Bytes of a script above which it is left: charts and editors that no page of ours loads."""
ICON_FONT = "MaterialSymbols-Rounded"
FEATURES = ("kern", "liga", "mark", "mkmk", "ccmp", "locl", "tnum", "lnum", "calt")
KEEP = "public, max-age=31536000, immutable"


def pack(*, shell: Path = SHELL, packed: Path = PACKED) -> tuple[int, int]:
    """Make all that can be made; returns how many fonts and how many scripts there are now."""
    packed.mkdir(parents=True, exist_ok=True)
    for old in packed.iterdir():
        old.unlink()
    fonts = 0
    for path in (shell / "media").glob("*.woff2"):
        if path.name.startswith((TEXT_FONT, ICON_FONT)):
            (packed / path.name).write_bytes(_cut(path, shell=shell))
            fonts += 1
            if path.name.startswith(TEXT_FONT):
                write_typefaces(packed, source=path)
    with ThreadPoolExecutor() as threads:
        scripts = list(threads.map(lambda body: _squeeze(body, packed), _scripts(shell)))
    return fonts, len(scripts)


def _scripts(shell: Path) -> Iterator[bytes]:
    ours = [assets.read(name) for name in (*assets.MAP_SCRIPTS, *assets.MAP_STYLES)]
    yield from (body for body in ours if body)
    for path in sorted(shell.rglob("*")):
        if path.suffix in (".js", ".css") and 1024 <= path.stat().st_size <= LARGEST:
            yield path.read_bytes()


def _squeeze(body: bytes, packed: Path) -> None:
    tight = brotli.compress(body, mode=brotli.MODE_TEXT, quality=11)
    (packed / f"{_name(body)}.br").write_bytes(tight)


def _name(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _cut(path: Path, *, shell: Path) -> bytes:
    """A font with what our pages can show of it, as WOFF2."""
    # A tool of the set-up: the server does without it.
    from fontTools import subset  # noqa: PLC0415
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    options = subset.Options(flavor="woff2")
    font = TTFont(path)
    cutter = subset.Subsetter(options)
    if path.name.startswith(ICON_FONT):
        # Icons are ligatures: the letters of a name become its picture.
        options.layout_features, options.layout_closure = ["*"], False
        pictures = _pictures(font)
        used = _words(shell) & set(pictures)
        letters = {ord(letter) for name in used for letter in name + name.upper()}
        cutter.populate(unicodes=letters, glyphs=[pictures[name] for name in sorted(used)])
    else:
        options.layout_features = list(FEATURES)
        cutter.populate(unicodes=LETTERS)
    cutter.subset(font)
    font.flavor = "woff2"
    stream = io.BytesIO()
    font.save(stream)
    return stream.getvalue()


def _pictures(font: object) -> dict[str, str]:
    """The icons of a font: the glyph of each name."""
    letters: dict[str, str] = {}
    for code, glyph in font.getBestCmap().items():  # type: ignore[attr-defined]
        letters.setdefault(glyph, chr(code))
    pictures = {}
    for first, ligature in _ligatures(font):
        glyphs = [first, *ligature.Component]
        if all(glyph in letters for glyph in glyphs):
            name = "".join(letters[glyph] for glyph in glyphs).lower()
            pictures[name] = ligature.LigGlyph
    return pictures


def _ligatures(font: object) -> Iterator[tuple[str, "object"]]:
    for lookup in font["GSUB"].table.LookupList.Lookup:  # type: ignore[index]
        for table in lookup.SubTable:
            inner = getattr(table, "ExtSubTable", table)
            if inner.LookupType == 4:
                for first, ligatures in inner.ligatures.items():
                    yield from ((first, ligature) for ligature in ligatures)


def _words(shell: Path) -> set[str]:
    """Every word that could name an icon: those of Streamlit's scripts, and those of our pages."""
    texts: Iterable[Path] = [*(shell / "js").glob("*.js"), *assets.ROOT.glob("dashboard/**/*.py")]
    found: set[str] = set()
    for path in texts:
        found.update(re.findall(r"[a-z0-9_]+", path.read_text(encoding="utf-8", errors="ignore")))
    return found


@cache
def _there(packed: Path = PACKED) -> frozenset[str]:
    return frozenset(path.name for path in packed.glob("*")) if packed.is_dir() else frozenset()


def find(body: bytes, *, packed: Path = PACKED) -> bytes | None:
    """The brotli form of a body that was packed at set-up, None where it was not."""
    name = f"{_name(body)}.br"
    return (packed / name).read_bytes() if name in _there(packed) else None


class Fonts:
    """Answers with the smaller fonts at the addresses of Streamlit's own.

    Middleware, because Streamlit keeps the addresses below /static/ to itself.
    """

    def __init__(self, app: ASGIApp, *, base: str = "", packed: Path = PACKED) -> None:
        self.app = app
        self.answers = {
            f"{base}/static/media/{name}": Response(
                (packed / name).read_bytes(),
                media_type="font/woff2",
                headers={"cache-control": KEEP},
            )
            for name in sorted(_there(packed))
            if name.endswith(".woff2")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.answers.get(scope.get("path", "")) if scope["type"] == "http" else None
        await (answer or self.app)(scope, receive, send)


def main() -> int:
    """Pack, and say what was done."""
    fonts, scripts = pack()
    where = PACKED.relative_to(assets.ROOT)
    sys.stdout.write(f"{fonts} fonts and {scripts} scripts are packed in {where}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
