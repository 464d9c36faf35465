"""The diagram of a network, for every kind of layer."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from made_up_run import MakeRun

from nas_core.report.diagram import to_png, to_svg, winner_diagram
from nas_core.report.facts import Facts, read_facts
from nas_core.report.policy import steps_of
from nas_core.report.winner import LayerFacts
from nas_core.space.architecture import Choice
from nas_core.space.layer import LAYERS, load_layer
from nas_core.space.steps import Keep

SVG = "{http://www.w3.org/2000/svg}"
CHOICES = [choice for kind in LAYERS for choice in load_layer(kind).CHOICES]


def with_layers(facts: Facts, *layers: LayerFacts) -> Facts:
    return replace(facts, winner=replace(facts.winner, layers=layers))


def layer(kind: str, title: str, **params: object) -> LayerFacts:
    return LayerFacts(kind, title, dict(params), (64,), 4160, 8256, 0.5, 0.5)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_every_layer_is_drawn_and_what_skips_it(make_run: MakeRun, choice: Choice) -> None:
    facts = with_layers(read_facts(make_run("labels", 3)), layer(choice.kind, str(choice), **dict(choice.params)))
    drawing = ElementTree.fromstring(to_svg(winner_diagram(facts)))
    texts = [element.text for element in drawing.iter(f"{SVG}text")]
    assert str(choice) in texts and "64" in texts and "4,160" in texts
    bent = [wire for wire in drawing.iter(f"{SVG}polyline") if len(wire.attrib["points"].split()) == 4]
    assert bool(bent) == any(isinstance(step, Keep) for step in steps_of(choice.kind, dict(choice.params)))


def test_picture_and_svg_show_the_same_sheet(make_run: MakeRun) -> None:
    diagram = winner_diagram(read_facts(make_run("values", 20)))
    assert to_png(diagram).size == (2 * diagram.width, 2 * diagram.height)
    drawing = ElementTree.fromstring(to_svg(diagram))
    assert drawing.attrib["viewBox"] == f"0 0 {diagram.width} {diagram.height}"


def test_a_layer_that_nobody_knows_is_a_plain_block(make_run: MakeRun) -> None:
    facts = with_layers(read_facts(make_run("labels", 3)), layer("attention", "<attention>", heads=4))
    assert "&lt;attention&gt;" in to_svg(winner_diagram(facts))
