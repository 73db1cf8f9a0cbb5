"""Photos from the field: small, upright, and with nothing inside but their pixels."""

import io
from pathlib import Path

import pytest
from PIL import Image

from layers.read import ReadError, small_photo


def written(path: Path, size=(1600, 1200), form="JPEG", **more) -> Path:
    Image.new("RGB", size, (200, 30, 40)).save(path, form, **more)
    return path


def test_a_photo_is_made_small_and_forgets_where_it_was_taken(tmp_path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    exif.get_ifd(0x8825)[2] = (5.0, 18.0, 3.6)
    path = written(tmp_path / "a.jpg", exif=exif, comment=b"SECRET PLACE")
    made = small_photo(path, filename="a.jpg")
    with Image.open(io.BytesIO(made)) as image:
        assert image.size == (640, 480)
        assert not image.getexif()
        assert image.getpixel((300, 200))[0] > 180
    assert b"SECRET" not in made
    assert len(made) < 100_000


def test_a_photo_taken_sideways_stands_upright(tmp_path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = small_photo(written(tmp_path / "a.jpg", exif=exif), filename="a.jpg")
    assert Image.open(io.BytesIO(made)).size == (480, 640)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_other_photos_are_taken_too(tmp_path, form) -> None:
    made = small_photo(written(tmp_path / "a", size=(30, 20), form=form), filename="a")
    assert Image.open(io.BytesIO(made)).format == "JPEG"


def test_what_is_no_photo_gets_a_sentence(tmp_path) -> None:
    svg = tmp_path / "a.jpg"
    svg.write_text("<svg onload='alert(1)'/>")
    with pytest.raises(ReadError, match=r"'a\.jpg' is no photo"):
        small_photo(svg, filename="a.jpg")
    whole = written(tmp_path / "b.jpg").read_bytes()
    (tmp_path / "c.jpg").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(ReadError, match="damaged"):
        small_photo(tmp_path / "c.jpg", filename="c.jpg")


def test_a_picture_that_would_fill_memory_is_refused_unopened(tmp_path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path, "PNG")
    with pytest.raises(ReadError, match="pixels"):
        small_photo(path, filename="bomb.png")
