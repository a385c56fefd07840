"""Uploaded pictures made harmless: decoded, turned upright, made small, encoded anew without metadata."""

from __future__ import annotations

from io import BytesIO

from PIL import ExifTags, Image

from shardmart.adapters.threads import Threads
from shardmart.domain.errors import FieldError, InvalidInput

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 40_000_000  # up to 320 MB while it is decoded and converted
SIDE, QUALITY = 1_200, 82
AT_ONCE, LONGEST_QUEUE = 1, 16
_UPRIGHT = {  # by the orientation that EXIF tells
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
Image.MAX_IMAGE_PIXELS = None  # Pillow only warns below twice its limit; ours is checked before anything is decoded


class PillowPictures:
    """Pillow releases the GIL while it decodes, scales and encodes."""

    def __init__(self) -> None:
        self._threads = Threads(longest_queue=LONGEST_QUEUE, busy="Too many photos at once.", most=AT_ONCE)

    async def normal(self, data: bytes) -> bytes:
        return await self._threads.run(normal_picture, data)


def normal_picture(data: bytes) -> bytes:
    """`data` as WebP of at most SIDE pixels a side, some 100 KB. Raises InvalidInput for what is no such picture."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise _refused(f"has more than {MOST_PIXELS:,} pixels")
            opened.draft("RGB", (SIDE, SIDE))  # a large JPEG is decoded at a fraction of its size
            picture = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
            turn = _UPRIGHT.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        upright = picture.transpose(turn) if turn is not None else picture
        encoded = BytesIO()
        upright.save(encoded, "WEBP", quality=QUALITY, exif=b"", xmp=b"", icc_profile=None)
    except InvalidInput:
        raise
    except Exception as error:  # whatever Pillow makes of hostile bytes
        raise _refused("is not a JPEG, PNG or WebP picture that can be read") from error
    return encoded.getvalue()


def _refused(why: str) -> InvalidInput:
    return InvalidInput([FieldError("image", why)])
