"""Pictures as cameras and programs make them, and as nobody should."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image

RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(format: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **save: Any) -> bytes:
    """Its left half red, its right half blue."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return encoded(image.convert(mode), format, **save)


def encoded(image: Image.Image, format: str, **save: Any) -> bytes:
    out = BytesIO()
    image.save(out, format, **save)
    return out.getvalue()


def with_exif(orientation: int = 6) -> bytes:
    """A JPEG that tells where it was made and that it lies on its side."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "SecretCamera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return picture("JPEG", exif=exif)


def bomb(side: int = 30_000) -> bytes:
    """A PNG of some hundred KB that says it has 900 million pixels, and has them."""
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(b"\0" * (side // 8 + 1) * 1_000) for _ in range(side // 1_000)) + rows.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
