"""Partitions at a glance."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from families import random_deep
from polytope_lens import Box, Lens
from polytope_lens.render import thumbnail as thumbnails
from polytope_lens.render.scene import boundary_segments
from polytope_lens.render.thumbnail import hex_colors, thumbnail

SQUARE = Box([-1, -1], [1, 1])
LENS = Lens(random_deep((2, 6, 6), 0, 0.0))
PARTITION = LENS.partition(SQUARE)
SVG = "{http://www.w3.org/2000/svg}"


def test_each_edge_is_drawn_once_in_the_colour_of_its_layer():
    found, paths = boundary_segments(PARTITION), list(ElementTree.fromstring(thumbnail(PARTITION)).iter(f"{SVG}path"))
    assert [path.get("stroke") for path in paths] == [*hex_colors(2)[::-1], None]
    counts = [path.get("d").count("M") for path in paths[:-1]]
    assert counts == np.bincount(found.layers, minlength=2)[::-1].tolist()


def test_many_edges_become_the_pixels_of_a_picture(monkeypatch):
    lines = thumbnail(PARTITION)
    monkeypatch.setattr(thumbnails, "MOST_EDGES", 0)
    pixels = thumbnail(LENS.partition(SQUARE))
    assert re.search(r'viewBox="[^"]*"', lines)[0] == re.search(r'viewBox="[^"]*"', pixels)[0]
    data = ElementTree.fromstring(pixels).find(f"{SVG}image").get("href").partition(",")[2]
    picture = np.array(Image.open(io.BytesIO(b64decode(data))).convert("RGBA"))
    drawn = {"#" + bytes(color).hex() for color in picture[picture[..., 3] == 255][:, :3]}
    assert drawn == set(hex_colors(2))
    assert 0.01 < (picture[..., 3] == 255).mean() < 0.5
    assert (picture[..., 3] % 255 == 0).all()
    first = boundary_segments(PARTITION).segments[boundary_segments(PARTITION).layers == 0]
    middles = thumbnails.frame_around(PARTITION.mesh.points).places(first.mean(axis=1))
    x, y = (thumbnails.FINER * middles).astype(int).T
    near = np.stack([picture[y + i, x + j, :3] for i in (-1, 0, 1) for j in (-1, 0, 1)])
    top = np.array([int(hex_colors(2)[0][k : k + 2], 16) for k in (1, 3, 5)])
    assert (near == top).all(axis=-1).any(axis=0).all()  # the first layer lies on top


def test_deep_networks_have_colours_left(monkeypatch):
    monkeypatch.setattr(thumbnails, "MOST_EDGES", 0)
    deep = Lens(random_deep((2, 3, *[2] * 299), 0, 0.0)).partition(SQUARE)
    assert "<image" in thumbnail(deep) and "260 layers in between left out" in deep._repr_html_()
    assert deep._repr_html_().count("<tr>") == 42


def test_the_card_tells_layers_and_numbers(monkeypatch):
    card = PARTITION._repr_html_()
    assert thumbnail(PARTITION) in card and f"{len(PARTITION)} regions of Box(" in card
    assert all(f">{n}<" in card for n in PARTITION.counts_per_layer.tolist())
    assert "partition.plot()" in card
    monkeypatch.setattr(thumbnails, "MOST_REGIONS", 3)
    again = LENS.partition(SQUARE)
    assert "<svg" not in again._repr_html_() and again._repr_svg_() is None


@pytest.mark.parametrize(
    ("partition", "told"),
    [
        (LENS.partition(), "all of R^2"),
        (LENS.explore([0, 0], max_regions=3), "3 of the regions"),
        (Lens(random_deep((3, 5), 0, 0.0)).partition(Box([-1] * 3, [1] * 3)), "partition.explorer()"),
        (Lens(random_deep((1, 5), 0, 0.0)).partition(Box([-1], [1])), "regions of Box"),
    ],
)
def test_what_is_not_drawn_is_told(partition, told):
    assert partition._repr_svg_() is None
    assert told in partition._repr_html_()


def test_flat_boxes_are_drawn_in_their_coordinates():
    flat = Lens(random_deep((3, 6), 0, 0.0)).partition(Box([-1, 0.5, -1], [1, 0.5, 1]))
    assert "over input 0 and input 2" in flat._repr_svg_()


def test_stored_runs_stay_on_the_disk(tmp_path):
    stored = LENS.partition(SQUARE, store=tmp_path / "run")
    assert f"{len(PARTITION)} regions" in stored._repr_html_() and stored._repr_svg_() is None
    assert "packed_patterns" not in {name for name, value in vars(stored).items() if value is not None}
