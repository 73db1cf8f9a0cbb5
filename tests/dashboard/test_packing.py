"""Packed files are the same files, and nothing breaks where they are not there."""

import asyncio
import re
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import brotli
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dashboard import assets, packing, typefaces

fonttools = pytest.importorskip(
    "fontTools.ttLib", reason="fontTools is there once the product was set up (make setup)"
)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fonts and two scripts of the Streamlit that is installed."""
    shell = tmp_path_factory.mktemp("shell")
    (shell / "media").mkdir()
    (shell / "js").mkdir()
    for path in (packing.SHELL / "media").glob("*.woff2"):
        (shell / "media" / path.name).write_bytes(path.read_bytes())
    for path in (packing.SHELL / "js").glob("index.*.js"):
        (shell / "js" / path.name).write_bytes(path.read_bytes())
    folder = tmp_path_factory.mktemp("packed")
    fonts, _scripts = packing.pack(shell=shell, packed=folder)
    assert fonts == 2
    packing._there.cache_clear()
    return folder


def _font(packed: Path, name: str) -> Any:
    return fonttools.TTFont(next(packed.glob(f"{name}*")))


def test_a_packed_script_is_the_script(packed: Path) -> None:
    body = assets.read(assets.BUNDLE)
    assert body is not None
    found = packing.find(body, packed=packed)
    assert found is not None
    assert brotli.decompress(found) == body
    assert packing.find(body + b" ", packed=packed) is None


def test_every_icon_our_pages_name_is_in_the_smaller_font(packed: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in assets.ROOT.glob("dashboard/**/*.py")]
    ours = {name for text in texts for name in re.findall(r":material/([a-z0-9_]+):", text)}
    pictures = packing._pictures(_font(packed, packing.ICON_FONT))
    assert len(ours) > 5
    assert ours <= set(pictures)
    # those of Streamlit's own controls
    assert {"close", "keyboard_arrow_down", "upload", "expand_more"} <= set(pictures)


def test_the_smaller_text_font_has_the_letters_of_our_languages(packed: Path) -> None:
    whole = _font(packing.SHELL / "media", packing.TEXT_FONT).getBestCmap()
    small = _font(packed, packing.TEXT_FONT).getBestCmap()
    for letter in "éèçœÉÔ ɛɔŋƐƆŊɖɣʋẹọṣ ≥≤±−→ “”’ €":
        assert (ord(letter) in small) == (ord(letter) in whole)
    assert set(small) <= set(whole)


def test_a_font_is_answered_in_the_place_of_streamlits_and_kept(packed: Path) -> None:
    name = next(packed.glob("MaterialSymbols*")).name
    status, headers, body = _get(
        packing.Fonts(_plain(), base="/under", packed=packed), f"/under/static/media/{name}"
    )
    assert (status, headers["cache-control"]) == (200, packing.KEEP)
    assert body == (packed / name).read_bytes()
    _, _, other = _get(
        packing.Fonts(_plain(), base="/under", packed=packed), "/under/static/media/other.woff2"
    )
    assert other == b"plain"


def test_without_packed_files_everything_is_as_streamlit_sends_it(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert packing.find(b"x" * 5000, packed=nowhere) is None
    assert packing.Fonts(_plain(), packed=nowhere).answers == {}


def _plain() -> Starlette:
    return Starlette(routes=[Route("/{rest:path}", lambda _: PlainTextResponse("plain"))])


def _get(app: Any, path: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    in_a_thread(app(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(part.get("body", b"") for part in sent[1:])


def in_a_thread(asked: Coroutine[Any, Any, Any]) -> None:
    """Run it in a thread of its own: Playwright's tests leave a loop running in the main one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, asked).result()


def test_the_typeface_for_charts_and_print_has_the_letters_of_the_field(packed: Path) -> None:
    for weight, style in typefaces.WEIGHTS.items():
        font = fonttools.TTFont(packed / typefaces.file_name(weight))
        assert "fvar" not in font
        assert {ord(letter) for letter in "ƐƆɛɔéŊŋñ–≥↓"} <= set(font.getBestCmap())
        names = {font["name"].getDebugName(number) for number in (1, 4, 16)}
        assert names == {typefaces.FAMILY, f"{typefaces.FAMILY} {style}"}
        assert "Open Font License" in font["name"].getDebugName(13)


@pytest.mark.slow
def test_the_typeface_is_made_where_set_up_did_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(typefaces, "PACKED", tmp_path)
    typefaces._made.cache_clear()
    try:
        made = typefaces.typefaces()
        assert [path.is_file() for path in made] == [True, True]
        assert tmp_path not in {path.parent for path in made}
    finally:
        typefaces._made.cache_clear()
