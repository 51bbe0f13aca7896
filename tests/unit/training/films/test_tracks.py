"""Pictures of ages and of events: what is drawn is what was found."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from families import golden
from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, OptionError, UnboundedPolytopeError
from polytope_lens.network.network import Network, from_arrays
from polytope_lens.training import Recording
from polytope_lens.training.events import events
from polytope_lens.training.films.tracks import plot_ages, plot_events

SQUARE = Box([-1, -1], [1, 1])
NETWORK = golden((2, 6, 6), 3)


def shifted(by):
    """The network with the biases of its second layer moved."""
    first, second = NETWORK.layers
    return from_arrays(
        [first.weight, second.weight, NETWORK.output_weight], [first.bias, second.bias + by, NETWORK.output_bias]
    )


def test_pixels_have_the_colours_of_their_ages():
    partition = Lens(NETWORK).partition(SQUARE)
    ages = np.arange(len(partition)) ** 2
    ax = plot_ages(partition, ages, Figure(dpi=100).add_subplot(), oldest=2000)
    (image,) = ax.images
    x = np.linspace(-0.95, 0.95, 40)
    X = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2)
    drawn = np.array([image._colors(p - 1e-9, p + 1e-9, (1, 1))[0, 0] for p in X])
    assert np.array_equal(drawn, image.to_rgba(ages[partition.locate(X)].astype(float), bytes=True))
    assert (image.norm.vmin, image.norm.vmax) == (0, 2000)
    bare = plot_ages(partition, ages, Figure().add_subplot(), boundaries=False)
    n_segments = [sum(len(patch.get_path()) // 2 for patch in axes.patches) for axes in (ax, bare)]
    assert n_segments[0] - n_segments[1] == partition.adjacency().nnz // 2


def test_ages_that_are_all_zero_are_drawn():
    partition = Lens(NETWORK).partition(SQUARE)
    ax = plot_ages(partition, np.zeros(len(partition)))  # a figure of its own
    assert ax.images[0].norm.vmax == 1
    ax.figure.canvas.draw()
    pyplot.close(ax.figure)


def test_numbers_of_events_are_drawn_with_gaps_where_training_diverged():
    networks: list[Network | None] = [shifted(bias) for bias in (0.0, 0.25, 0.5, 1.0)]
    networks.insert(2, None)
    found = events(Recording([0, 5, 10, 15, 20], networks, domain=SQUARE), progress=False)
    figure = plot_events(found, Figure())
    above, below = figure.axes
    assert np.array_equal(
        above.lines[0].get_ydata(), np.where(found.n_regions, found.n_regions, np.nan), equal_nan=True
    )
    drawn = {patch.get_label(): patch.get_data() for patch in below.patches}
    for name, label, side in (
        ("split", "split off", 1),
        ("born", "born", 1),
        ("merged", "merged", -1),
        ("died", "died", -1),
    ):
        values, edges, base = drawn[label]
        assert edges.tolist() == found.steps.tolist()
        counts = found.counts()[name].tolist()
        assert np.nan_to_num(side * (values - base), nan=-1).tolist() == [counts[0], -1, -1, counts[1]]
    figure.canvas.draw()


def test_refusals():
    partition = Lens(NETWORK).partition(SQUARE)
    n = len(partition)
    with pytest.raises(DimensionError, match=f"each of the {n} regions"):
        plot_ages(partition, np.zeros(n + 1))
    with pytest.raises(OptionError, match="not below 0"):
        plot_ages(partition, np.full(n, -1))
    with pytest.raises(OptionError, match="oldest"):
        plot_ages(partition, np.zeros(n), oldest=0)
    whole = Lens(NETWORK).partition(None)
    with pytest.raises(UnboundedPolytopeError):
        plot_ages(whole, np.zeros(len(whole)))
    with pytest.raises(DimensionError, match="two consecutive"):
        plot_events(events(Recording([0, 1], [NETWORK, None], SQUARE), progress=False))
