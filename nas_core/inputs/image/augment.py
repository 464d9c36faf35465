"""Pictures changed at random while a network learns, so that it sees none twice.

It happens to training rows only, on their way into the network, and is no part of what is exported.

What may be changed is data of the transform (``augment``): `flips` (axes, 2: left and right, 1: upside down), `rotate`
(degrees), `shift` and `zoom` (shares of the side), `contrast` (share), `colour` (share, of each channel by itself),
`cutout` (share of the side; a square of it is blanked: DeVries & Taylor, 2017), `mixup` (α: two pictures are laid over
each other, and so are their targets, with a share from the distribution Beta(α, α): Zhang et al., ICLR 2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

LEFT_RIGHT, UPSIDE_DOWN = 2, 1  # axes of (rows, height, width, channels)
NOTHING: dict[str, Any] = {
    "flips": [],
    "rotate": 0.0,
    "shift": 0.0,
    "zoom": 0.0,
    "contrast": 0.0,
    "colour": 0.0,
    "cutout": 0.0,
    "mixup": 0.0,
}
LIGHT = {"rotate": 10.0, "shift": 0.08, "zoom": 0.1}
STRONG = {"rotate": 20.0, "shift": 0.15, "zoom": 0.2, "contrast": 0.3, "colour": 0.2, "cutout": 0.3, "mixup": 0.2}
MOST_BYTES = 16 << 20  # of the pictures that are looked at
MIRRORED_SHARE = CUT_SHARE = 0.5  # of the pictures
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


@dataclass(frozen=True)
class Changes:
    """What is done to each of n pictures, a value a picture; None or nothing is not done.

    `flips` by axis (which ones), `place` (``turned`` in degrees, ``scale``, ``right`` and ``down`` in pixels),
    `contrast` (a factor), `colour` ((n, channels): factors), `cut` ((n, 3): side of the square, 0 for none, its top and
    its left), `partner` (which picture is laid over it) and `share` (of what is to be seen, its own part).
    """

    flips: dict[int, np.ndarray]
    place: dict[str, np.ndarray] = field(default_factory=dict)
    contrast: np.ndarray | None = None
    colour: np.ndarray | None = None
    cut: np.ndarray | None = None
    partner: np.ndarray | None = None
    share: np.ndarray | None = None

    def of(self, number: int) -> dict[str, float]:
        """What is done to one picture: a figure by the name of what it is."""
        said = {f"flip_{axis}": 1.0 for axis, chosen in self.flips.items() if chosen[number]}
        values = self.place | {"contrast": self.contrast, "share": self.share}
        said |= {name: float(value[number]) for name, value in values.items() if value is not None}
        if self.colour is not None:
            said["colour"] = float(self.colour[number].mean())
        if self.cut is not None and self.cut[number, 0]:
            said["cut"] = float(self.cut[number, 0])
        return said


def change(
    transform: dict[str, Any], inputs: dict[str, np.ndarray], target: np.ndarray, rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A batch with its pictures changed by the `augment` of `transform`.

    Where pictures are mixed the target is (rows, 3): that of the picture, that of the other, the share of the first.
    """
    pictures, how = inputs["image"], transform["augment"]
    changes = draw(how, pictures.shape, rng)
    if changes.partner is not None and changes.share is not None:
        target = np.stack([target, target[changes.partner], changes.share], axis=1).astype(np.float32)
    return inputs | {"image": changed(pictures, changes)}, target


def draw(how: dict[str, Any], shape: tuple[int, ...], rng: np.random.Generator) -> Changes:
    """Chance decides what is done to pictures of `shape`, (n, height, width, channels), within the limits of `how`."""
    n, height, width, channels = shape
    drawn: dict[str, Any] = {"flips": {axis: rng.random(n) < MIRRORED_SHARE for axis in how["flips"]}}
    if how["rotate"] or how["shift"] or how["zoom"]:
        turned, zoomed, down, right = rng.uniform(-1, 1, (4, n))
        drawn["place"] = {
            "turned": turned * how["rotate"],
            "scale": 1 + zoomed * how["zoom"],
            "right": right * how["shift"] * width,
            "down": down * how["shift"] * height,
        }
    if how["contrast"]:
        drawn["contrast"] = 1 + rng.uniform(-1, 1, n) * how["contrast"]
    if how.get("colour"):
        drawn["colour"] = 1 + rng.uniform(-1, 1, (n, channels)) * how["colour"]
    if how["cutout"]:
        side = max(1, round(how["cutout"] * min(height, width)))
        places = rng.integers(0, height - side + 1, n), rng.integers(0, width - side + 1, n)
        drawn["cut"] = np.stack([side * (rng.random(n) < CUT_SHARE), *places], axis=1)
    if how.get("mixup"):
        share = rng.beta(how["mixup"], how["mixup"], n)
        drawn["partner"], drawn["share"] = rng.permutation(n), np.maximum(share, 1 - share)
    return Changes(**drawn)


def changed(pictures: np.ndarray, changes: Changes) -> np.ndarray:
    """`pictures`, uint8 (n, height, width, channels), with `changes`."""
    for axis, chosen in changes.flips.items():
        pictures = np.where(chosen[:, None, None, None], np.flip(pictures, axis), pictures)
    if changes.place:
        pictures = _moved(pictures, **changes.place)
    if changes.contrast is not None:
        means = pictures.mean(axis=(1, 2, 3), keepdims=True)
        pictures = _bytes(means + (pictures - means) * changes.contrast[:, None, None, None])
    if changes.colour is not None:
        pictures = _bytes(pictures * changes.colour[:, None, None])
    if changes.cut is not None:
        pictures = _cut(pictures, changes.cut)
    if changes.partner is not None and changes.share is not None:
        share = changes.share[:, None, None, None]
        pictures = _bytes(share * pictures + (1 - share) * pictures[changes.partner])
    return pictures


def is_active(transform: dict[str, Any]) -> bool:
    """Whether anything is changed."""
    return any(bool(value) for value in transform.get("augment", {}).values())


def _moved(pictures: np.ndarray, **by: np.ndarray) -> np.ndarray:
    """Turned, zoomed and shifted; what comes in from outside has the colour of the corners."""
    _, height, width, channels = pictures.shape
    corners = pictures[:, [0, 0, -1, -1], [0, -1, 0, -1]].mean(axis=1).astype(int).tolist()
    plain, moved = pictures[..., 0] if channels == 1 else pictures, np.empty_like(pictures)
    for number, (place, corner) in enumerate(zip(_places((height, width), **by), corners, strict=True)):
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


def _places(
    size: tuple[int, int], turned: np.ndarray, scale: np.ndarray, right: np.ndarray, down: np.ndarray
) -> list[list[float]]:
    """What Pillow takes for each picture: which place of the old one a place of the new one shows."""
    cos, sin = np.cos(np.radians(turned)) / scale, np.sin(np.radians(turned)) / scale
    y, x = size[0] / 2, size[1] / 2  # the middle, round which it is turned and which moves by (right, down)
    rows = (cos, sin, x - cos * (x + right) - sin * (y + down), -sin, cos, y + sin * (x + right) - cos * (y + down))
    places: list[list[float]] = np.stack(rows, axis=1).tolist()
    return places


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(np.round(values), 0, 255), np.uint8)


def _cut(pictures: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """With a square of the mean colour in some of the pictures."""
    cut = pictures.copy()
    for number in np.flatnonzero(squares[:, 0]):
        side, top, left = squares[number]
        cut[number, top : top + side, left : left + side] = pictures[number].mean(axis=(0, 1))
    return cut
