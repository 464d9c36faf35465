"""One picture file to an array of bytes, whatever its format, mode, depth and orientation; within limits."""

from __future__ import annotations

import io
import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from nas_core.data.limits import limits

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
GREY_MODES = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")
DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
ORIENTATION, SIDEWAYS = 0x0112, (5, 6, 7, 8)  # of EXIF: the tag, and the values that exchange height and width
PAPER = "white"  # what is seen through transparent places

# What damaged files make Pillow raise.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    UnidentifiedImageError,
    Image.DecompressionBombError,
)

Shape = tuple[int, int, int]  # height, width, channels (1: grey, 3: red, green, blue)


class BrokenPictureError(Exception):
    """A file that is no picture, or none that may be opened; the text says why."""


@dataclass(frozen=True)
class Look:
    """What the head of a picture file says: its size as it is to be seen, whether it has no colours."""

    height: int
    width: int
    is_grey: bool


def look(data: bytes) -> Look:
    """Read the head of a picture; its content is not decoded.

    Raises:
        BrokenPictureError: it is no picture, or has more pixels than the limit.
    """
    try:
        with _opened(data) as image:
            width, height = image.size
            if image.getexif().get(ORIENTATION) in SIDEWAYS:
                width, height = height, width
            return Look(height, width, image.mode in GREY_MODES)
    except DAMAGE as error:
        raise BrokenPictureError(_reason(error)) from None


def decode(data: bytes, shape: Shape) -> np.ndarray:
    """The picture in `data` as uint8 (height, width, channels) of `shape`.

    It is turned as its EXIF entry says, keeps its proportions (what is left over is black), and lies on white where it
    is transparent. Of 16 bits the upper 8 are kept.

    Raises:
        BrokenPictureError: it cannot be decoded, or has more pixels than the limit.
    """
    height, width, channels = shape
    try:
        with _opened(data) as image:
            image.draft(None, (max(height, width),) * 2)  # a JPEG is decoded no larger than it needs to be
            upright = ImageOps.exif_transpose(image)
            plain = _eight_bits(upright, "L" if channels == 1 else "RGB")
            fitted = ImageOps.pad(plain, (width, height), Image.Resampling.BILINEAR)
            return np.asarray(fitted, np.uint8).reshape(shape)
    except DAMAGE as error:
        raise BrokenPictureError(_reason(error)) from None


def shrink(picture: np.ndarray, side: int) -> np.ndarray:
    """An array (height, width, channels) as a small grey square, uint8 (side, side)."""
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    return np.asarray(image.convert("L").resize((side, side), Image.Resampling.BOX), np.uint8)


def _opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    most = limits().max_pixels
    if math.prod(image.size) > most:
        raise BrokenPictureError(f"it has {math.prod(image.size):,} pixels, more than {most:,} (`NAS_MAX_PIXELS`)")
    return image


def _eight_bits(image: Image.Image, mode: str) -> Image.Image:
    if image.mode in DEEP_MODES:
        x = np.asarray(image, np.float64)
        unit = 255.0 if image.mode == "F" and x.max(initial=0.0) <= 1 else 1.0 if image.mode == "F" else 1 / 257
        return Image.fromarray(np.clip(np.nan_to_num(x * unit), 0, 255).astype(np.uint8)).convert(mode)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, PAPER)
        image = Image.alpha_composite(paper, image)
    return image.convert(mode)


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "it is no picture in a format that is read"
    return " ".join(str(error).split())[:200] or type(error).__name__
