"""The network of pictures that a search begins with."""

from __future__ import annotations

import pytest

from nas_core.search.spaces import CHEAP, first_network
from nas_core.space.cost import Ends
from nas_core.space.layer import Cost
from nas_core.space.rules import Space
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


def test_where_there_is_room_for_a_part_only_it_is_a_beginning_of_it():
    small = space_of((28, 28, 1), max_layers=3)
    assert small.vocabulary.decode(first_network(small, TASK)).choices == load_task(TASK).first[:3]
    huge = space_of((1024, 1024, 3))
    assert len(first_network(huge, TASK)) >= 5
