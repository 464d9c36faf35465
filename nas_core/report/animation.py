"""The film of the search (MP4 and GIF) and its two stills (PNG)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imageio.v2 as imageio
import numpy as np
from PIL import Image

from nas_core.report.facts import Facts
from nas_core.report.frames import FPS, SearchFrames, WinnerFrames, crossfade

N_FADE = 8
N_PAUSE = FPS  # the search's last frame stands for a second
GIF_EVERY = 2  # of the film's frames
GIF_SHRINK = 2
GIF_FILTER = (
    "split[a][b];[a]palettegen=max_colors=96:stats_mode=full[p];[b][p]paletteuse=dither=none:diff_mode=rectangle"
)


@dataclass
class Film:
    """The frames of the film, 1280 × 720, drawn once; `stills` (``search``, ``winner``) are there when it was seen."""

    facts: Facts
    stills: dict[str, Image.Image] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Image.Image]:
        search, winner = SearchFrames(self.facts), WinnerFrames(self.facts)
        yield from search
        last = search.ending()
        self.stills = {"search": last, "winner": winner.frame(1.0)}
        yield from [last] * N_PAUSE
        yield from crossfade(last, winner.frame(0.0), N_FADE)
        yield from winner


def write_film(facts: Facts, film: Path, gif: Path, figures: Path) -> dict[str, Path]:
    """Write the film as MP4 (h264, 1280 × 720) and as GIF (640 × 360, half the frames), and two stills as PNG.

    Returns the paths of the stills in the folder `figures`: ``search`` (its end) and ``winner``.
    """
    for folder in (film.parent, gif.parent, figures):
        folder.mkdir(parents=True, exist_ok=True)
    drawn = Film(facts)
    unfinished = gif.with_name(f".{gif.name}.mkv")  # imageio gives ffmpeg no file called .gif
    with _mp4(film) as large, _gif(unfinished) as small:
        for number, frame in enumerate(drawn):
            large.append_data(np.asarray(frame))
            if number % GIF_EVERY == 0:
                small.append_data(np.asarray(frame.reduce(GIF_SHRINK)))
    unfinished.replace(gif)
    return {name: _save(picture, figures / f"{name}.png") for name, picture in drawn.stills.items()}


def _save(picture: Image.Image, path: Path) -> Path:
    picture.save(path)
    return path


def _mp4(path: Path) -> Any:
    return imageio.get_writer(
        path,
        format="FFMPEG",
        fps=FPS,
        codec="libx264",
        pixelformat="yuv420p",
        quality=None,
        ffmpeg_log_level="error",
        output_params=["-preset", "veryfast", "-crf", "21", "-movflags", "+faststart"],
    )


def _gif(path: Path) -> Any:
    return imageio.get_writer(
        path,
        format="FFMPEG",
        fps=FPS / GIF_EVERY,
        codec="gif",
        pixelformat="pal8",
        quality=None,
        macro_block_size=1,
        ffmpeg_log_level="error",
        output_params=["-vf", GIF_FILTER, "-f", "gif"],
    )
