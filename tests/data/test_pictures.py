"""Pictures as people have them: any format, mode and depth, turned, broken, twice, packed, named by a table."""

from __future__ import annotations

import base64
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from nas_core.data.checks import Findings
from nas_core.data.pictures.album import find_named_album, is_album, open_album
from nas_core.data.pictures.alike import SIDE, first_alike
from nas_core.data.pictures.decode import BrokenPictureError, decode, look, shrink
from nas_core.data.pictures.embedded import find_embedded_album
from nas_core.data.pictures.reader import PIXELS_A_MINUTE, PictureReader, choose_shape
from nas_core.data.pictures.smaller import smaller
from nas_core.data.prepared import Split
from nas_core.data.readers import parquet
from nas_core.data.readers.dialect import Dialect
from nas_core.data.readers.files import open_files
from nas_core.data.source import File, fetch
from nas_core.errors import JobError


def encoded(image: Image.Image, kind: str = "PNG", **more: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **more)
    return file.getvalue()


def noise(seed: int, size: tuple[int, int] = (12, 10)) -> Image.Image:
    """A picture like no other: large random patches."""
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8)).resize(size)


def half(mode: str, left: Any, right: Any, size: tuple[int, int] = (8, 4)) -> Image.Image:
    """A picture whose left half has another colour than the right one."""
    image = Image.new(mode, size, right)
    image.paste(left, (0, 0, size[0] // 2, size[1]))
    return image


@pytest.mark.parametrize(
    ("image", "left", "right"),
    [
        (half("L", 10, 200), (10, 10, 10), (200, 200, 200)),
        (half("1", 0, 1), (0, 0, 0), (255, 255, 255)),
        (half("RGB", (250, 0, 5), (0, 9, 0)), (250, 0, 5), (0, 9, 0)),
        (half("RGBA", (250, 0, 5, 255), (0, 9, 0, 0)), (250, 0, 5), (255, 255, 255)),
        (half("LA", (10, 255), (10, 0)), (10, 10, 10), (255, 255, 255)),
        (half("RGB", (250, 0, 5), (0, 9, 0)).quantize(2), (250, 0, 5), (0, 9, 0)),
        (Image.fromarray(np.repeat([[2570, 51400]], 4, 0).repeat(4, 1).astype(np.uint16)), (10,) * 3, (200,) * 3),
    ],
    ids=["grey", "black and white", "colour", "transparent", "grey transparent", "palette", "16 bit"],
)
def test_every_mode_becomes_bytes(image, left, right):
    picture = decode(encoded(image), (4, 8, 3))
    assert picture.dtype == np.uint8
    np.testing.assert_allclose(picture[0, 0], left, atol=1)
    np.testing.assert_allclose(picture[-1, -1], right, atol=1)


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_every_format_is_read(kind):
    picture = decode(encoded(half("RGB", (250, 0, 5), (0, 90, 0), (64, 32)), kind), (4, 8, 3))
    np.testing.assert_allclose(picture[1, 0], (250, 0, 5), atol=20)
    np.testing.assert_allclose(picture[1, -1], (0, 90, 0), atol=20)


def test_printers_colours_are_read():
    picture = decode(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), (2, 2, 3))
    assert (picture[..., 0] > 200).all()
    assert (picture[..., 1:] < 60).all()


def test_a_picture_is_turned_as_the_camera_was():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees to the right: what was left is on top
    data = encoded(half("L", 0, 255), "PNG", exif=exif)
    assert (look(data).height, look(data).width) == (8, 4)
    picture = decode(data, (8, 4, 1))
    assert picture[0].max() < 20
    assert picture[-1].min() > 235


def test_proportions_are_kept():
    picture = decode(encoded(Image.new("L", (40, 10), 255)), (8, 8, 1))[..., 0]
    assert (picture[3:5] == 255).all()
    assert (picture[[0, 1, 6, 7]] == 0).all()


def test_a_file_that_is_no_picture_is_broken():
    whole = encoded(noise(0, (300, 300)))
    for data in (b"", b"hello", whole[: len(whole) // 2], whole[:40], b"%PDF-1.7", whole.replace(b"IDAT", b"XXXX")):
        with pytest.raises(BrokenPictureError):
            decode(data, (8, 8, 3))


def test_a_bomb_is_not_opened(monkeypatch):
    data = encoded(Image.new("1", (5_000, 5_000)))
    assert len(data) < 10_000
    monkeypatch.setenv("NAS_MAX_PIXELS", "1000000")
    with pytest.raises(BrokenPictureError, match="25,000,000 pixels, more than 1,000,000"):
        look(data)


def square(data: bytes) -> np.ndarray:
    return shrink(decode(data, (64, 64, 3)), SIDE)


def test_the_same_picture_saved_anew_looks_alike():
    whole = noise(1, (256, 200))
    again = [encoded(whole, "JPEG", quality=70), encoded(whole.resize((128, 100))), encoded(whole.convert("RGBA"))]
    others = [encoded(noise(seed, (256, 200))) for seed in range(2, 40)]
    squares = np.stack([square(data) for data in [others[0], encoded(whole), *again, *others[1:]]])
    first = first_alike(squares)
    assert first[1:5].tolist() == [1, 1, 1, 1]
    assert first[[0, *range(5, len(squares))]].tolist() == [0, *range(5, len(squares))]


def test_a_chain_of_likenesses_is_one_group():
    start = np.random.default_rng(0).integers(0, 200, (SIDE, SIDE)).astype(np.uint8)
    squares = np.stack([np.full_like(start, 7), *(start + np.uint8(step) for step in (4, 0, 2, 0))])
    assert first_alike(squares).tolist() == [0, 1, 1, 1, 1]


def write_zip(path: Path, files: dict[str, bytes]) -> list[File]:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return [File(path, path.name)]


CLASSES = {f"pets/{kind}/{n}.png": encoded(noise(10 * place + n)) for place, kind in enumerate("ab") for n in range(4)}


def opened(files: list[File], tmp_path: Path, asked: Any = 0) -> tuple[PictureReader, pa.Table, Findings]:
    assert is_album(files)
    findings = Findings()
    reader = PictureReader(open_album(files, tmp_path / "scratch"), tmp_path / "scratch", asked, findings)
    return reader, pa.Table.from_batches(reader.batches()), findings


def pixels_of(table: pa.Table) -> np.ndarray:
    return table["image"].combine_chunks().to_numpy_ndarray()


def test_folders_are_classes(tmp_path):
    litter = {"__MACOSX/pets/a/._0.png": b"x", "pets/a/.DS_Store": b"x", "pets/readme.txt": b"x"}
    reader, table, _ = opened(write_zip(tmp_path / "pets.zip", CLASSES | litter), tmp_path)
    assert table["label"].to_pylist() == ["a"] * 4 + ["b"] * 4
    assert table["file"].to_pylist()[:2] == ["pets/a/0.png", "pets/a/1.png"]
    assert reader.shape == (10, 12, 3)
    np.testing.assert_array_equal(pixels_of(table)[0], np.asarray(noise(0)))


def test_a_folder_and_a_tar_archive_give_the_same(tmp_path):
    for name, data in CLASSES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    with tarfile.open(tmp_path / "pets.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "pets", "pets")
        link = tarfile.TarInfo("pets/a/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    folder = opened(fetch(str(tmp_path / "pets"), tmp_path), tmp_path / "1")[1]
    packed = opened(fetch(str(tmp_path / "pets.tar.gz"), tmp_path), tmp_path / "2")[1]
    assert packed.num_rows == 8
    assert folder["label"].equals(packed["label"])
    assert pixels_of(folder).tobytes() == pixels_of(packed).tobytes()


def test_a_table_in_the_archive_names_the_pictures(tmp_path):
    rows = "id,age,breed\n" + "".join(f"{n},{n + 1},x\n" for n in (3, 1, 2, 9))
    pictures = {f"pictures/{n}.png": encoded(noise(n)) for n in range(4)}
    reader, table, _ = opened(write_zip(tmp_path / "x.zip", {"labels.csv": rows.encode()} | pictures), tmp_path)
    assert table.column_names == ["image", "file", "age", "breed", "height", "width"]
    assert table["age"].to_pylist() == ["4", "2", "3"]
    assert "1 of 4 rows name pictures that are not there" in " ".join(reader.notes)
    assert "1 pictures are named by no row" in " ".join(reader.notes)


def test_a_table_beside_pictures_or_with_a_folder_of_them(tmp_path):
    for n in range(3):
        (tmp_path / f"p{n}.png").write_bytes(encoded(noise(n)))
    path = tmp_path / "names.parquet"
    pq.write_table(pa.table({"picture": [f"p{n}.png" for n in range(3)], "y": [0.5, 1.5, 2.5]}), path)
    reader = open_files([File(path, path.name)], tmp_path / "s", Dialect())
    assert find_named_album(reader, str(path), None, tmp_path / "s").about["y"].to_pylist() == [0.5, 1.5, 2.5]
    away = find_named_album(reader, "https://example.org/names.parquet", str(tmp_path), tmp_path / "s")
    assert away.read(2) == (tmp_path / "p2.png").read_bytes()
    assert find_named_album(reader, "https://example.org/names.parquet", None, tmp_path / "s") is None
    (tmp_path / "none").mkdir()
    (tmp_path / "none/x.png").write_bytes(encoded(noise(0)))
    with pytest.raises(JobError, match="named by none of"):
        find_named_album(reader, str(path), str(tmp_path / "none"), tmp_path / "s")


def embedded(path: Path, cells: Any, labels: list[str]) -> Path:
    """A Parquet file with a column of pictures and one of labels."""
    pq.write_table(pa.table({"picture": cells, "label": labels}), path)
    return path


@pytest.mark.parametrize("kind", ["bytes", "hugging face", "base64", "data address"])
def test_pictures_in_the_cells_of_a_table(kind, tmp_path):
    files = [encoded(noise(seed)) for seed in range(12)]
    texts = [base64.b64encode(file).decode() for file in files]
    labels = ["a", "b"] * 6
    match kind:
        case "bytes":
            path = embedded(tmp_path / "table.parquet", pa.array([*files[:11], None], pa.binary()), labels)
        case "hugging face":
            cells = [{"bytes": file, "path": f"{number}.png"} for number, file in enumerate(files)]
            path = embedded(tmp_path / "table.parquet", pa.array([*cells[:11], {"bytes": None, "path": "x"}]), labels)
        case _:
            begin = "" if kind == "base64" else "data:image/png;base64,"
            path = tmp_path / "table.csv"
            rows = zip([begin + text for text in texts[:11]] + [""], labels, strict=True)
            path.write_text("picture,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows))
    album = find_embedded_album(open_files(fetch(str(path), tmp_path), tmp_path, Dialect()), tmp_path / "scratch")
    assert len(album) == 11 and album.about["label"].to_pylist() == labels[:11]
    assert [album.read(number) for number in (10, 0, 5)] == [files[10], files[0], files[5]]
    assert album.about["file"][3].as_py() == ("3.png" if kind == "hugging face" else "picture[3]")


def test_bytes_and_words_that_are_no_pictures_are_none(tmp_path):
    cells = pa.array([b"%PDF" + bytes(100)] * 5, pa.binary())
    path = embedded(tmp_path / "table.parquet", cells, [base64.b64encode(bytes(99)).decode()] * 5)
    assert find_embedded_album(open_files(fetch(str(path), tmp_path), tmp_path, Dialect()), tmp_path) is None


def test_large_cells_are_read_few_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "BATCH_BYTES", 2_000)
    cells = pa.array([np.random.default_rng(seed).bytes(600) for seed in range(20)])
    path = embedded(tmp_path / "table.parquet", cells, ["a"] * 20)
    batches = list(open_files(fetch(str(path), tmp_path), tmp_path, Dialect()).batches())
    assert max(batch.num_rows for batch in batches) <= 3
    assert sum(batch.num_rows for batch in batches) == 20


def test_arrays_are_pictures(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (6, 5, 7), np.uint8)
    np.savez(tmp_path / "a.npz", x=pixels, y=np.arange(6))
    reader, table, _ = opened(fetch(str(tmp_path / "a.npz"), tmp_path), tmp_path)
    assert reader.shape == (5, 7, 1)
    assert table["y"].to_pylist() == list(range(6))
    np.testing.assert_array_equal(pixels_of(table)[..., 0], pixels)
    np.savez(tmp_path / "b.npz", x=np.repeat(pixels[..., None], 3, 3) / 255, y=np.arange(6))
    reader, table, _ = opened(fetch(str(tmp_path / "b.npz"), tmp_path), tmp_path / "b", asked=4)
    assert reader.shape == (3, 4, 3)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"x": np.zeros((4, 5)), "y": np.zeros(4)}, "must hold one array of pictures"),
        ({"x": np.zeros((4, 5, 5)), "z": np.zeros((2, 5, 5))}, "must hold one array of pictures"),
        ({"x": np.zeros((4, 5, 5, 2))}, "1 or 3 channels"),
        ({"x": np.array([{}], object)}, "plain arrays"),
        ({"x": np.zeros((6, 5, 5)), "y": np.zeros(4)}, "for each of the 6 pictures of 'x', but 'y' has 4"),
    ],
)
def test_other_arrays_are_refused(arrays, problem, tmp_path):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(JobError, match=problem):
        open_album(fetch(str(tmp_path / "a.npz"), tmp_path), tmp_path)


def test_names_of_pictures_that_are_not_there_are_told(tmp_path, caplog):
    path = tmp_path / "names.csv"
    path.write_text("file,label\n" + "".join(f"{number}.png,a\n" for number in range(9)))
    reader = open_files(fetch(str(path), tmp_path), tmp_path, Dialect())
    assert find_named_album(reader, str(path), None, tmp_path / "s") is None
    assert "`image_folder`" in caplog.text


def test_archives_made_to_do_harm_are_refused(tmp_path, monkeypatch):
    with pytest.raises(JobError, match=r"^must be an archive whose files stay in it"):
        open_album(write_zip(tmp_path / "a.zip", {"../../x.png": b"x"}), tmp_path)
    monkeypatch.setenv("NAS_MAX_PICTURES", "3")
    with pytest.raises(JobError, match="NAS_MAX_PICTURES"):
        open_album(write_zip(tmp_path / "b.zip", CLASSES), tmp_path)


def test_broken_pictures_are_left_out_and_said(tmp_path):
    whole = {f"{n:02d}.png": encoded(noise(n)) for n in range(9)}
    reader, table, findings = opened(write_zip(tmp_path / "a.zip", whole | {"05.png": b"oh"}), tmp_path)
    assert table["file"].to_pylist() == [name for name in whole if name != "05.png"]
    (found,) = findings.items
    assert (found.severity, found.n_rows) == ("warning", 1)
    assert "05.png: it is no picture" in found.examples[0]
    assert len(reader.looks) == table.num_rows == 8


def test_too_many_broken_pictures_stop_the_job(tmp_path):
    files = write_zip(tmp_path / "a.zip", {f"{n}.png": encoded(noise(n)) if n % 2 else b"oh" for n in range(8)})
    with pytest.raises(JobError, match="at most 20% cannot be read, but 4 pictures of 8"):
        opened(files, tmp_path)
    with pytest.raises(JobError, match="none can be read"):
        opened(write_zip(tmp_path / "b.zip", {"a.png": b"oh"}), tmp_path / "b")


def test_the_size_follows_the_pictures_and_their_number():
    mixed = np.array([(214, 300), (2592, 3872), (300, 400)])
    assert choose_shape(mixed, is_grey=False) == (96, 128, 3)
    assert choose_shape(np.full((10, 2), 28), is_grey=True) == (28, 28, 1)
    assert choose_shape(np.full((20_000, 2), 200), is_grey=False) == (57, 57, 3)
    assert choose_shape(np.full((5_000, 2), 200), 2 * PIXELS_A_MINUTE, is_grey=False) == (51, 51, 3)
    assert choose_shape(np.full((5_000, 2), 200), 60 * PIXELS_A_MINUTE, is_grey=False) == (128, 128, 3)
    assert choose_shape(np.full((10, 2), 28), is_grey=True, asked=56) == (56, 56, 1)


def test_a_smaller_picture_has_the_means_of_its_patches():
    pictures = np.arange(2 * 5 * 4 * 1, dtype=np.uint8).reshape(2, 5, 4, 1)
    small = smaller(Split({"image": pictures, "age": np.ones((2, 3))}, np.zeros(2)), 2)
    assert small.inputs["image"][0, ..., 0].tolist() == [[3, 5], [11, 13]]
    assert small.inputs["image"].dtype == np.uint8
    assert small.inputs["age"].shape == (2, 3)
