"""Pictures changed at random while a network learns, so that it sees none twice.

It happens to training rows only, on their way into the network, and is no part of what is exported.

What may be changed is data of the transform (``augment``): `flips` (axes, 2: left and right, 1: upside down), `rotate`
(degrees), `shift` and `zoom` (shares of the side), `contrast` (share), `cutout` (share of the side; a square of it is
blanked: DeVries & Taylor, 2017).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PIL import Image

LEFT_RIGHT, UPSIDE_DOWN = 2, 1  # axes of (rows, height, width, channels)
NOTHING: dict[str, Any] = {"flips": [], "rotate": 0.0, "shift": 0.0, "zoom": 0.0, "contrast": 0.0, "cutout": 0.0}
LIGHT = {"rotate": 10.0, "shift": 0.08, "zoom": 0.1}
STRONG = {"rotate": 20.0, "shift": 0.15, "zoom": 0.2, "contrast": 0.3, "cutout": 0.3}
MOST_BYTES = 16 << 20  # of the pictures that are looked at
LEAST_LEAD = 0.05  # above one half: so much more often than by chance a picture is told from its mirror image


def choose(asked: str, pictures: np.ndarray, target: np.ndarray) -> dict[str, Any]:
    """What is changed: ``off`` nothing, ``light`` or ``strong`` so much, ``auto`` what the data allow.

    Args:
        asked: by the job.
        pictures: of training rows, uint8 (rows, height, width, channels).
        target: of these rows, class codes or numbers.

    Flips are used where mirror images cannot be told from pictures, within each class. Turned, moved and zoomed are
    pictures of classes only: a number may be a place, an angle or a size.
    """
    if asked == "off":
        return NOTHING
    most = max(1, MOST_BYTES // math.prod(pictures.shape[1:]))
    pictures, target = pictures[:most], target[:most]
    is_number = target.dtype.kind == "f"
    groups = (target > np.median(target)).astype(int) if is_number else target
    flips = [axis for axis in (LEFT_RIGHT, UPSIDE_DOWN) if not is_told_apart(pictures, groups, axis)]
    by_degree: dict[str, Any] = {"light": LIGHT, "strong": STRONG, "auto": {} if is_number else LIGHT}[asked]
    return NOTHING | {"flips": flips} | by_degree


def is_told_apart(pictures: np.ndarray, groups: np.ndarray, axis: int) -> bool:
    """Whether pictures differ from their mirror images: by the mean difference of one half, tried on the other half.

    Args:
        pictures: uint8 (rows, height, width, channels).
        groups: class codes (rows,); each has its own mean.
        axis: along which they are mirrored.
    """
    is_learned = np.random.default_rng(0).random(len(pictures)) < 0.5
    n_right = n = 0
    for group in np.unique(groups):
        own = pictures[groups == group].astype(np.float32), is_learned[groups == group]
        learned, tried = own[0][own[1]], own[0][~own[1]]
        if len(learned) and len(tried):
            mean = learned.mean(axis=0)
            direction = (mean - np.flip(mean, axis - 1)).ravel()
            n_right += int((tried.reshape(len(tried), -1) @ direction > 0).sum())
            n += len(tried)
    return n_right > n * (0.5 + max(LEAST_LEAD, 1 / math.sqrt(max(n, 1))))


def change(transform: dict[str, Any], inputs: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A batch of inputs with its pictures changed by the `augment` of `transform`."""
    how = transform["augment"]
    pictures = inputs["image"]
    for axis in how["flips"]:
        is_flipped = rng.random(len(pictures)) < 0.5
        pictures = np.where(is_flipped[:, None, None, None], np.flip(pictures, axis), pictures)
    if how["rotate"] or how["shift"] or how["zoom"]:
        pictures = _moved(pictures, how, rng)
    if how["contrast"]:
        pictures = _contrasted(pictures, how["contrast"], rng)
    if how["cutout"]:
        pictures = _cut(pictures, how["cutout"], rng)
    return inputs | {"image": pictures}


def is_active(transform: dict[str, Any]) -> bool:
    """Whether anything is changed."""
    return any(bool(value) for value in transform.get("augment", {}).values())


def _moved(pictures: np.ndarray, how: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """Turned, zoomed and shifted; what comes in from outside has the colour of the corners."""
    n, height, width, channels = pictures.shape
    corners = pictures[:, [0, 0, -1, -1], [0, -1, 0, -1]].mean(axis=1).astype(int).tolist()
    plain, moved = pictures[..., 0] if channels == 1 else pictures, np.empty_like(pictures)
    for number, (place, corner) in enumerate(zip(_places(n, (height, width), how, rng), corners, strict=True)):
        moved[number] = np.asarray(
            Image.fromarray(plain[number]).transform(
                (width, height),
                Image.Transform.AFFINE,
                place,
                Image.Resampling.BILINEAR,
                fillcolor=corner[0] if channels == 1 else tuple(corner),
            )
        ).reshape(height, width, channels)
    return moved


def _places(n: int, size: tuple[int, int], how: dict[str, Any], rng: np.random.Generator) -> list[list[float]]:
    """For `n` pictures what Pillow takes: which place of the old picture a place of the new one shows."""
    angle = np.radians(rng.uniform(-1, 1, n) * how["rotate"])
    scale = 1 + rng.uniform(-1, 1, n) * how["zoom"]
    dy, dx = (rng.uniform(-1, 1, n) * how["shift"] * side for side in size)
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    y, x = size[0] / 2, size[1] / 2  # the middle, round which it is turned and which moves by (dx, dy)
    rows = (cos, sin, x - cos * (x + dx) - sin * (y + dy), -sin, cos, y + sin * (x + dx) - cos * (y + dy))
    places: list[list[float]] = np.stack(rows, axis=1).tolist()
    return places


def _contrasted(pictures: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    factors = 1 + rng.uniform(-most, most, (len(pictures), 1, 1, 1))
    means = pictures.mean(axis=(1, 2, 3), keepdims=True)
    return np.asarray(np.clip(means + (pictures - means) * factors, 0, 255), np.uint8)


def _cut(pictures: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """With a square of the mean colour somewhere, in half of the pictures."""
    height, width = pictures.shape[1:3]
    side = max(1, round(share * min(height, width)))
    tops, lefts = rng.integers(0, height - side + 1, len(pictures)), rng.integers(0, width - side + 1, len(pictures))
    cut = pictures.copy()
    for number in np.flatnonzero(rng.random(len(pictures)) < 0.5):
        top, left = tops[number], lefts[number]
        cut[number, top : top + side, left : left + side] = pictures[number].mean(axis=(0, 1))
    return cut
