"""A photo made small and plain: fewer pixels, upright, without place, camera or date inside.

Runs in the worker. Only JPEG, PNG and WebP are opened, by Pillow's readers of these and no other.
"""

from pathlib import Path

from layers.read.model import ReadError

FORMATS = ("JPEG", "PNG", "WEBP")
LONGEST_SIDE = 640
MOST_PIXELS = 80_000_000
"""Width times height of what is brought; a phone's camera makes some 50 million."""
QUALITY = 72
PHOTO_OUT = "photo.jpg"


def write_photo(path: Path, filename: str, folder: Path) -> None:
    """Write `photo.jpg` into `folder`; ReadError where the file is no photo we take."""
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ReadError(
                    f"'{filename}' has {image.width} x {image.height} pixels, more than a camera "
                    "makes. Save it smaller."
                )
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image).convert("RGB")
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            # a new picture: whatever else stood in the file does not come along
            plain = Image.frombytes("RGB", upright.size, upright.tobytes())
            plain.save(folder / PHOTO_OUT, "JPEG", quality=QUALITY)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(f"'{filename}' is no photo that can be opened, or is damaged.") from error
    except Image.DecompressionBombError as error:
        raise ReadError(f"'{filename}' has more pixels than a camera makes.") from error
