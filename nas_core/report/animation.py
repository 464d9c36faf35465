"""The film of the search (MP4 and GIF) and its two stills (PNG)."""

from __future__ import annotations

from collections.abc import Iterator
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


def frames_of(facts: Facts) -> Iterator[Image.Image]:
    """Every frame of the film, 1280 × 720."""
    last = None
    for last in SearchFrames(facts):
        yield last
    winner = WinnerFrames(facts)
    if last is not None:
        yield from [last] * N_PAUSE
        yield from crossfade(last, winner.frame(0.0), N_FADE)
    yield from winner


def write_film(facts: Facts, film: Path, gif: Path) -> None:
    """Write the film as MP4 (h264, 1280 × 720) and as GIF (640 × 360, half the frames)."""
    film.parent.mkdir(parents=True, exist_ok=True)
    unfinished = gif.with_name(f".{gif.name}.mkv")  # imageio gives ffmpeg no file called .gif
    with _mp4(film) as large, _gif(unfinished) as small:
        for number, frame in enumerate(frames_of(facts)):
            large.append_data(np.asarray(frame))
            if number % GIF_EVERY == 0:
                small.append_data(np.asarray(frame.reduce(GIF_SHRINK)))
    unfinished.replace(gif)


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


def write_figures(facts: Facts, folder: Path) -> dict[str, Path]:
    """Write ``search.png`` (the end of the search) and ``winner.png``; return their paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    *_, last = SearchFrames(facts)
    pictures = {"search": last, "winner": WinnerFrames(facts).frame(1.0)}
    paths = {name: folder / f"{name}.png" for name in pictures}
    for name, picture in pictures.items():
        picture.save(paths[name])
    return paths
