"""The network of pictures that a search begins with."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from nas_core.agents.agent import draw
from nas_core.search.spaces import CHEAP, LITERT_FLOPS, _common, _most_flops, _room, first_network, second_network
from nas_core.space.architecture import Architecture, Choice
from nas_core.space.cost import Ends
from nas_core.space.layer import Cost
from nas_core.space.rules import Space
from nas_core.space.settings import SpaceSettings
from nas_core.space.vocabulary import Vocabulary
from nas_core.targets.labels import head
from nas_core.tasks.registry import load_task

TASK = "image_classification"


def space_of(shape, max_layers=8):
    target = {"classes": ["a", "b", "c"]}
    ends = Ends(shape, Cost(), lambda behind: head.cost(target, behind), (3,))
    return Space(Vocabulary.of(load_task(TASK).layers), ends, max_layers, 1_000_000)


@pytest.mark.parametrize("side", [8, 20, 28, 32, 64, 128, 224])
def test_whatever_the_size_of_the_pictures_it_is_whole_and_cheap(side):
    space = space_of((side, side, 3))
    first = first_network(space, TASK)
    assert len(first) == len(load_task(TASK).first)
    assert space.cost(first).flops < CHEAP


def test_small_pictures_need_no_strides():
    small = space_of((28, 28, 1))
    assert small.vocabulary.decode(first_network(small, TASK)).choices == load_task(TASK).first


def test_the_other_network_to_begin_with_is_there_where_it_fits():
    def table(max_layers: int) -> Space:
        task = load_task("tabular_classification")
        return Space(Vocabulary.of(task.layers), space_of((9,)).ends, max_layers, 1_000_000)

    (second,) = second_network(table(6), "tabular_classification")
    assert table(6).vocabulary.decode(second).choices == load_task("tabular_classification").second
    assert second_network(table(3), "tabular_classification") == []
    assert second_network(space_of((28, 28, 1)), TASK) == []


def test_what_is_tried_on_small_pictures_fits_them_and_the_large_ones():
    space = _common(space_of((64, 64, 3)), (1,) * 6)
    small = replace(space.ends, shape=(32, 32, 3))
    alone = replace(space_of((32, 32, 3)), ends=small)
    for seed in range(20):
        codes = draw(space, np.random.default_rng(seed))
        assert space.is_legal(codes)
        assert alone.is_legal(codes)
    assert _common(space_of((63, 63, 3)), (1,) * 6).also is None
    # Five times halved there is one pixel left of 32, where there are two of 64: nothing that halves fits any more.
    code = space.vocabulary.encode(Architecture((Choice.of("conv", filters=16, kernel=5, stride=2),)))
    assert space.mask(code * 4)[code[0]]
    assert not space.mask(code * 5)[code[0]]
    assert space_of((64, 64, 3)).mask(code * 5)[code[0]]


def test_what_a_short_final_training_cannot_train_is_not_proposed():
    assert [_room(1e6, 1e6 * n) / 1e6 for n in (1, 3, 9)] == [2, 3, 6]
    space = space_of((28, 28, 1))
    assert _common(space, first_network(space, TASK), 7e6).max_flops == 7e6


def test_a_job_limits_operations_and_milliseconds():
    assert _most_flops(SpaceSettings()) == math.inf
    assert _most_flops(SpaceSettings(max_flops=5_000)) == 5_000
    assert _most_flops(SpaceSettings(max_flops=5_000_000, max_latency_ms=0.1)) == 0.1e-3 * LITERT_FLOPS
    space = replace(space_of((28, 28, 1)), max_flops=_most_flops(SpaceSettings(max_latency_ms=0.05)))
    limited = _common(space, first_network(space, TASK), 7e6)
    assert space.cost(first_network(space, TASK)).flops <= limited.max_flops == 1e6


def test_where_there_is_room_for_a_part_only_it_is_a_beginning_of_it():
    small = space_of((28, 28, 1), max_layers=3)
    assert small.vocabulary.decode(first_network(small, TASK)).choices == load_task(TASK).first[:3]
    huge = space_of((1024, 1024, 3))
    assert len(first_network(huge, TASK)) >= 5
