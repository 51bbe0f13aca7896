"""Pixels of panels against the network evaluated at every one of them."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.domain import Box
from polytope_lens.engines.enumerate import partition
from polytope_lens.network import network as net
from recordings import frames_of, labelled, learnt, panel, recorded


def subpixels(domain, across, up):
    """The 2 x 2 points of each pixel, rows from the top, (2 up * 2 across, 2)."""
    x, y = (
        domain.lower[k] + (np.arange(2 * n) + 0.5) * ((domain.upper[k] - domain.lower[k]) / (2 * n))
        for k, n in enumerate((across, up))
    )
    return np.stack(np.meshgrid(x, y[::-1]), axis=2).reshape(-1, 2)


def mean_of_fours(values):
    return (values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]) / 4


def test_the_value_is_that_of_the_network_at_every_pixel(tmp_path):
    recording = learnt()
    names = ("value", "error")
    for frame, (_, network) in zip(frames_of(tmp_path, recording, panels=names, curves=False), recording, strict=True):
        shown = panel(frame, 0, recording, names)
        up, across = shown.shape[:2]
        values = net.evaluate(network, subpixels(recording.domain, across, up))[:, 0].reshape(2 * up, 2 * across)
        dense = mean_of_fours(np.rint(255 * np.clip(values, 0, 1)))
        assert dense.std() > 10
        assert np.abs(shown - dense[..., None]).max() <= 1


def test_without_a_target_the_scale_is_that_of_all_steps(tmp_path):
    recording = recorded(domain=Box([-2, -1], [1, 0]))
    frames = frames_of(tmp_path, recording, panels=["value"])
    points = [partition(network, recording.domain).mesh.points for network in recording.networks]
    corners = [net.evaluate(network, p) for network, p in zip(recording.networks, points, strict=True)]
    low, high = min(c.min() for c in corners), max(c.max() for c in corners)
    for frame, (_, network) in zip(frames, recording, strict=True):
        shown = panel(frame, 0, recording, ["value"], curves=True)
        up, across = shown.shape[:2]
        assert across / up == pytest.approx(3, rel=0.05)
        values = net.evaluate(network, subpixels(recording.domain, across, up))[:, 0].reshape(2 * up, 2 * across)
        dense = mean_of_fours(np.rint(255 * (values - low) / (high - low)))
        assert np.abs(shown - dense[..., None]).max() <= 1


def test_patterns_slopes_and_layers_have_the_region_s_color(tmp_path):
    from polytope_lens.render.scene import pattern_colors

    recording = learnt(1)
    names = ("slope", "pattern")
    found = partition(recording.networks[0], recording.domain)
    (frame,) = frames_of(tmp_path, recording, panels=names, curves=False, size=(800, 460))
    shown = panel(frame, 1, recording, names, size=(800, 460))
    up, across = shown.shape[:2]
    colors = 255 * pattern_colors(found)
    inner = [k for k, ball in enumerate(found.chebyshev_balls().radii) if ball > 0.05]
    assert len(inner) > 5
    for k in inner:
        x, y = found.chebyshev_balls().centers[k]
        pixel = shown[int((1 - y) / 2 * up), int((x + 1) / 2 * across)]
        assert np.abs(pixel - colors[k]).max() <= 1
    steepness = panel(frame, 0, recording, names, size=(800, 460)).sum(axis=2)
    slopes = np.linalg.norm(found.maps[:, 0, :2], axis=1)
    darkness = []
    for k in inner:
        x, y = found.chebyshev_balls().centers[k]
        darkness.append(-steepness[int((1 - y) / 2 * up), int((x + 1) / 2 * across)])
    assert np.corrcoef(np.argsort(np.argsort(slopes[inner])), np.argsort(np.argsort(darkness)))[0, 1] > 0.99


def test_categories_show_the_greatest_output(tmp_path):
    recording = labelled()
    names = ("value", "target", "error")
    size = (700, 300)
    for frame, (_, network) in zip(
        frames_of(tmp_path, recording, panels=names, curves=False, size=size), recording, strict=True
    ):
        shown = panel(frame, 0, recording, names, size=size)
        up, across = shown.shape[:2]
        classes = net.evaluate(network, subpixels(recording.domain, across, up)).argmax(axis=1)
        classes = classes.reshape(2 * up, 2 * across)
        pure = [mean_of_fours((classes == k).astype(float)) == 1 for k in range(3)]
        drawn = [shown[mask].reshape(-1, 3) for mask in pure if mask.any()]
        assert len(drawn) > 1
        for colors in drawn:
            assert (colors == colors[0]).all()
        assert len({tuple(colors[0]) for colors in drawn}) == len(drawn)
        # A pixel is right where the class is that of the target's pixel.
        points = subpixels(recording.domain, across, up)
        column, row = ((points[:, 0] + 1) * 15).astype(int), ((1 - points[:, 1]) * 15).astype(int)
        wrong = (classes.ravel() != recording.target[row, column]).reshape(classes.shape)
        errors = panel(frame, 2, recording, names, size=size)
        assert (errors[mean_of_fours(wrong.astype(float)) == 1] == (213, 94, 0)).all()
        assert (errors[mean_of_fours(wrong.astype(float)) == 0] == 222).all()
