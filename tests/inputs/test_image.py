"""What is changed on pictures while a network learns, and what a linear model sees of them."""

from __future__ import annotations

import numpy as np
import pytest

from nas_core.inputs.image import augment, columns


def bars(n: int, side: str, rng: np.random.Generator) -> np.ndarray:
    """Noisy pictures with a bright bar on the left or on the right."""
    pictures = rng.integers(0, 60, (n, 12, 12, 1)).astype(np.uint8)
    pictures[:, :, 2:4] += 150 if side == "left" else 0
    pictures[:, :, 8:10] += 150 if side == "right" else 0
    return pictures


def test_mirrored_are_pictures_that_do_not_show_it():
    rng = np.random.default_rng(0)
    plain = rng.integers(0, 256, (400, 12, 12, 1)).astype(np.uint8)
    assert augment.choose("auto", plain, np.arange(400) % 2)["flips"] == [augment.LEFT_RIGHT, augment.UPSIDE_DOWN]
    assert augment.choose("auto", bars(400, "left", rng), np.arange(400) % 2)["flips"] == [augment.UPSIDE_DOWN]


def test_classes_that_are_mirror_images_are_not_mirrored():
    rng = np.random.default_rng(0)
    both = np.concatenate([bars(200, "left", rng), bars(200, "right", rng)])
    for target in (np.repeat([0, 1], 200), np.repeat([-1.0, 1.0], 200)):
        assert augment.LEFT_RIGHT not in augment.choose("auto", both, target)["flips"]


def test_numbers_may_be_places_or_angles():
    plain = np.random.default_rng(0).integers(0, 256, (100, 12, 12, 1)).astype(np.uint8)
    how = augment.choose("auto", plain, np.linspace(0, 1, 100, dtype=np.float32))
    assert how["rotate"] == how["shift"] == how["zoom"] == 0
    assert augment.choose("off", plain, np.zeros(100, int)) == augment.NOTHING
    assert not augment.is_active({"augment": augment.NOTHING})


def change(transform, pictures, rng):
    """The changed pictures."""
    return augment.change(transform, {"image": pictures}, np.zeros(len(pictures)), rng)[0]["image"]


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_changed_a_little(channels):
    rng = np.random.default_rng(0)
    pictures = np.zeros((32, 20, 24, channels), np.uint8)
    pictures[:, 6:14, 8:16] = 200
    for how in (augment.LIGHT, augment.STRONG):
        transform = {"augment": augment.NOTHING | how}
        changed = change(transform, pictures, rng)
        assert changed.shape == pictures.shape
        assert changed.dtype == np.uint8
        assert len(np.unique(changed.reshape(32, -1), axis=0)) == 32
        assert abs(changed.mean() / pictures.mean() - 1) < 0.2
        again = change(transform, pictures, np.random.default_rng(1))
        assert (again == change(transform, pictures, np.random.default_rng(1))).all()


def test_a_shift_moves_the_whole_picture():
    picture = np.zeros((1, 21, 21, 1), np.uint8)
    picture[0, 10, 10] = 255
    transform = {"augment": augment.NOTHING | {"shift": 0.2}}
    rng = np.random.default_rng(3)
    places = [np.argwhere(change(transform, picture, rng)[0, ..., 0] > 60) for _ in range(40)]
    offsets = np.concatenate(places) - 10
    assert 3 <= np.abs(offsets).max() <= 5
    assert np.abs(offsets.mean(axis=0)).max() < 1.5


def test_pictures_are_mixed_with_their_targets():
    rng = np.random.default_rng(0)
    pictures, target = np.repeat(np.arange(0, 200, 2, dtype=np.uint8), 4).reshape(100, 2, 2, 1), np.arange(100)
    transform = {"augment": augment.NOTHING | {"mixup": 0.4}}
    inputs, mixed = augment.change(transform, {"image": pictures}, target, rng)
    one, other, share = mixed.T
    assert (one == target).all() and sorted(other) == list(target) and share.min() >= 0.5 and share.max() <= 1
    np.testing.assert_allclose(inputs["image"][:, 0, 0, 0], 2 * (share * one + (1 - share) * other), atol=0.51)


def test_each_colour_changes_by_itself():
    pictures = np.full((40, 3, 3, 3), 100, np.uint8)
    colours = change({"augment": augment.NOTHING | {"colour": 0.2}}, pictures, np.random.default_rng(0))[:, 0, 0]
    assert colours.min() >= 80 and colours.max() <= 120
    assert (np.ptp(colours.astype(int), axis=1) > 0).mean() > 0.9


def test_what_is_done_to_a_picture_can_be_told():
    how = augment.NOTHING | augment.STRONG | {"flips": [augment.LEFT_RIGHT]}
    changes = augment.draw(how, (50, 20, 30, 1), np.random.default_rng(0))
    told = [changes.of(number) for number in range(50)]
    assert all({"turned", "scale", "right", "down", "contrast", "colour", "share"} <= set(each) for each in told)
    assert max(abs(each["turned"]) for each in told) <= 20 and max(abs(each["right"]) for each in told) <= 0.15 * 30
    assert 10 < sum("cut" in each for each in told) < 40 and 10 < sum("flip_2" in each for each in told) < 40
    assert augment.draw(augment.NOTHING, (5, 8, 8, 1), np.random.default_rng(0)).of(3) == {}


def test_a_linear_model_sees_patches():
    pixels = np.arange(2 * 40 * 8 * 1).reshape(2, 40, 8, 1).astype(np.uint8)
    transform = {"mean": [10.0], "std": [2.0]}
    features = columns.linear_features(transform, {"image": pixels})
    assert features.shape == (2, 16 * 8)
    whole = columns.linear_features(transform, {"image": np.full((1, 33, 40, 3), 12, np.uint8)})
    np.testing.assert_allclose(whole, 1.0)
