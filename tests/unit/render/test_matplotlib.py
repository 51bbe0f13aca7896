from __future__ import annotations

import io
import pickle
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from polytope_lens.domain import Box
from polytope_lens.drawing.picture_style import PictureStyle
from polytope_lens.errors import DimensionError, DomainError, OptionError
from polytope_lens.network import network as net
from polytope_lens.render import matplotlib as render
from polytope_lens.render import region_image, scene

SQUARE = Box([-1, -1], [1, 1])
TARGET = np.tile(np.linspace(0, 1, 12), (10, 1))


@pytest.fixture(autouse=True)
def _agg():
    with mpl.rc_context({"backend": "agg"}):
        yield
    pyplot.close("all")


@pytest.fixture
def ax():
    """Axes that fill a figure of 200 x 200 pixels."""
    return Figure(figsize=(2, 2), dpi=100).add_axes((0, 0, 1, 1))


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def svg(figure):
    with io.StringIO() as out:
        figure.savefig(out, format="svg")
        return out.getvalue()


def image_of(ax):
    return next(image for image in ax.images if isinstance(image, region_image.RegionImage))


def drawn_with(**style):
    return {"style": PictureStyle(**style)}


@pytest.mark.parametrize("color", ["value", "pattern", "slope", "layer", "class"])
@pytest.mark.parametrize("boundaries", [True, False])
def test_plot_draws_into_the_given_axes(classes, deep, ax, color, boundaries):
    deep = classes if color == "class" else deep
    assert render.plot(deep, ax, color, boundaries=boundaries) is ax
    assert ax.get_xlim() == (-1, 1)
    assert ax.get_ylim() == (-1, 0.5)
    assert ax.get_aspect() == 1
    assert len(np.unique(pixels(ax.figure).reshape(-1, 3), axis=0)) > 2
    assert not pyplot.get_fignums()


def test_plot_makes_a_figure(lines):
    ax = lines.plot()
    assert pyplot.get_fignums() == [ax.figure.number]


def test_value_is_exact_at_each_pixel(lines, ax):
    render.plot(lines, ax, boundaries=False, output=1)
    drawn = pixels(ax.figure)[4:-4, 4:-4]  # without the frame
    centre = (np.arange(200) + 0.5) / 100 - 1
    x, y = np.meshgrid(centre, -centre)
    values = net.evaluate(lines.network, np.stack([x, y], axis=-1).reshape(-1, 2))[:, 1].reshape(200, 200)
    low, high = scene.value_range(lines, 1)
    grey = 256 * (values - low) / (high - low) - 0.5  # the middle of each of 256 steps
    assert (drawn == drawn[..., :1]).all()
    assert np.abs(drawn[..., 0] - grey[4:-4, 4:-4]).max() < 1.5


def test_pattern_colors_reach_the_pixels(lines, ax):
    render.plot(lines, ax, "pattern", boundaries=False)
    drawn = pixels(ax.figure)
    for i in np.flatnonzero(lines.volumes() > 0.02):
        middle = lines.vertices(i).mean(axis=0)
        column, row = ((middle + 1) * 100).astype(int)
        expected = 255 * scene.pattern_colors(lines)[i]
        assert np.abs(drawn[199 - row, column] - expected).max() < 2


def test_a_closer_view_is_drawn_anew(lines, ax):
    render.plot(lines, ax, boundaries=False)
    ax.set(xlim=(0.0, 0.01), ylim=(0.1, 0.11))
    image = image_of(ax)
    drawn = pixels(ax.figure)[100, 100, 0]
    value = net.evaluate(lines.network, np.array([[0.005, 0.105]]))[0, 0]
    assert drawn == pytest.approx(255 * image.norm(value), abs=1.5)


@pytest.fixture
def classes(cut):
    """Three outputs on a box that is not a square, each of them the greatest somewhere."""
    rng = np.random.default_rng(9)
    weights = [rng.normal(size=(6, 2)), rng.normal(size=(3, 6))]
    return cut(net.from_arrays(weights, [rng.normal(size=6) / 4, [0, 0.1, 0.05]]), Box([-1, -1], [1, 0.5]))


def test_classes_are_true_at_each_pixel(classes, ax):
    render.plot(classes, ax, "class", boundaries=False, **drawn_with(legend=False))
    drawn = pixels(ax.figure)[54:-54, 4:-4]  # the box is three quarters as high as wide, and has a frame
    x, y = np.meshgrid((np.arange(200) + 0.5)[4:-4] / 100 - 1, (149.5 - np.arange(200))[54:-54] / 100 - 0.75)
    outputs = net.evaluate(classes.network, np.stack([x, y], axis=-1).reshape(-1, 2)).reshape(*x.shape, 3)
    best, colors = outputs.argmax(axis=-1), 255 * scene.class_colors(3)
    assert len(np.unique(best)) == 3
    first, second = np.sort(outputs, axis=-1)[..., :-3:-1].transpose(2, 0, 1)
    clear = first - second > 0.1  # away from the black line
    assert clear.mean() > 0.5
    assert np.quantile(np.abs(drawn - colors[best])[clear], 0.99) < 2
    on_line = first - second < 2e-3
    assert on_line.sum() > 5 and (drawn[on_line].max(axis=-1) < 140).mean() > 0.9


def test_a_network_with_one_output_has_no_classes(deep, ax):
    with pytest.raises(OptionError, match="this network has one"):
        render.plot(deep, ax, "class")
    assert not ax.images


def test_a_level_is_drawn(deep, ax):
    low, high = scene.value_range(deep)
    render.plot(deep, ax, boundaries=False, level=(low + high) / 2)
    (curve,) = ax.collections
    expected = deep.level_set(value=(low + high) / 2)
    assert sum(len(path.vertices) for path in curve.get_paths()) == len(expected.points)


def test_styles_are_used(deep, ax):
    style = drawn_with(cmap="viridis", limits=(-7.0, 9.0), title="a title", linewidth=0.7, colorbar=False, legend=False)
    render.plot(deep, ax, **style)
    image = image_of(ax)
    assert image.get_cmap().name == "viridis" and (image.norm.vmin, image.norm.vmax) == (-7, 9)
    assert ax.get_title() == "a title" and not ax.child_axes and ax.get_legend() is None
    pixels(ax.figure)
    widths = {to_hex(patch.get_edgecolor()): patch.get_linewidth() for patch in ax.patches}
    assert widths[to_hex(scene.layer_colors(3)[-1])] == pytest.approx(0.7)
    new = render.plot(deep, **drawn_with(figsize=(3.0, 2.0)))
    assert tuple(new.figure.get_size_inches()) == (3.0, 2.0)


def test_lines_are_as_thick_as_the_picture_is_large(deep):
    widths = []
    for side in (2, 4):
        ax = render.plot(deep, Figure(figsize=(side, side)).add_axes((0, 0, 1, 1)))
        pixels(ax.figure)
        first = to_hex(scene.layer_colors(3)[0])
        widths += [patch.get_linewidth() for patch in ax.patches if to_hex(patch.get_edgecolor()) == first]
    assert widths[1] == pytest.approx(2 * widths[0])


def test_letters_are_as_large_as_matplotlib_was_told(deep):
    sizes = []
    for size in (5, 10):
        with mpl.rc_context({"font.size": size}):
            ax = render.plot(deep)
            ax.figure.canvas.draw()
            texts = [
                ax.xaxis.get_ticklabels()[0],
                ax.get_legend().get_texts()[0],
                ax.child_axes[0].get_yticklabels()[0],
            ]
            sizes.append([text.get_fontsize() for text in texts])
    np.testing.assert_allclose(2 * np.array(sizes[0]), sizes[1])


@pytest.mark.parametrize("layout", [None, "constrained"])
def test_panels_do_not_cover_their_neighbours(deep, layout):
    figure, panels = pyplot.subplots(2, 3, figsize=(9, 5), layout=layout)
    for ax, color in zip(panels.flat, ["value", "slope", "layer"] * 2, strict=True):
        render.plot(deep, ax, color)
    pixels(figure)
    boxes = [ax.get_tightbbox() for ax in panels.flat]
    for i, one in enumerate(boxes):
        assert one.x0 >= 0 and one.y0 >= 0 and one.x1 <= 900 and one.y1 <= 500
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])


def test_axes_that_were_put_somewhere_stay_there(deep):
    ax = Figure(figsize=(4, 4)).add_axes((0.1, 0.2, 0.5, 0.6))
    render.plot(deep, ax)
    assert ax.get_position(original=True).bounds == pytest.approx((0.1, 0.2, 0.5, 0.6))


def test_constant_value_is_grey(cut, ax):
    network = net.from_arrays([np.eye(2), np.zeros((1, 2))], [[0, 0], [3]])
    render.plot(cut(network, Box([-1, -1], [1, 1])), ax, boundaries=False)
    assert set(np.unique(pixels(ax.figure)[20:-20, 20:-20])) <= {126, 127, 128}


def test_value_has_a_scale_and_a_legend_of_layers(deep, ax):
    render.plot(deep, ax)
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"layer 0", "layer 1", "layer 2"}
    assert [child.get_ylabel() for child in ax.child_axes] == ["output 0"]


def test_legend_of_many_layers_reads_by_rows(lines, ax):
    layer = net.piecewise_layer(np.eye(2), [0, 0])
    network = net.Network((layer,) * 12, np.ones((1, 2)), np.zeros(1))
    render.legend(ax, render.layer_handles(replace(lines, network=network)), columns=10)
    by_columns = [text.get_text() for text in ax.get_legend().get_texts()]
    assert by_columns == ["layer 0", "10", "1", "11", *map(str, range(2, 10))]


def test_pattern_needs_neither(deep, ax):
    render.plot(deep, ax, "pattern")
    assert ax.get_legend() is None
    assert not ax.child_axes


def test_vector_output_holds_one_image_and_the_boundaries(deep, ax):
    render.plot(deep, ax, "pattern")
    assert svg(ax.figure).count("<image") == 1
    ax.clear()
    render.plot(deep, ax, "value")
    text = svg(ax.figure)
    assert text.count("<image") == 1
    edges = scene.boundary_segments(deep)
    for layer, color in enumerate(scene.layer_colors(3)):
        (path,) = re.findall(rf'<path d="([^"]*)" clip-path="[^"]*" style="[^"]*stroke: {to_hex(color)}', text)
        assert path.count("M") == np.count_nonzero(edges.layers == layer)
    assert len(text) < 100_000


def test_earlier_layers_have_thicker_lines(deep, ax):
    def widths(partition):
        ax.clear()
        render.plot(partition, ax)
        pixels(ax.figure)
        by_color = {to_hex(patch.get_edgecolor()): patch.get_linewidth() for patch in ax.patches}
        colors = scene.layer_colors(len(partition.network.layers))
        return [by_color[to_hex(color)] for color in colors]

    first, second, third = widths(deep)
    assert first > second > third


def test_points_are_drawn_on_top(lines, ax):
    render.plot(lines, ax, points=[[0.5, 0.5], [-0.5, 0.25]])
    drawn = pixels(ax.figure)
    assert (drawn[50, 150] == 0).all()
    assert (drawn[75, 50] == 0).all()


def test_bad_options(lines, ax):
    with pytest.raises(
        OptionError, match="color should be one of 'value', 'pattern', 'slope', 'layer', 'class', but received 'x'"
    ):
        render.plot(lines, ax, "x")
    with pytest.raises(OptionError, match="but the network has 2 outputs, counted from 0"):
        render.plot(lines, ax, output=2)
    with pytest.raises(DimensionError, match=r"`plot` needs points with 2 coordinates.*shape \(4, 3\)"):
        render.plot(lines, ax, points=np.zeros((4, 3)))
    assert not ax.artists
    assert not ax.images


def test_figures_can_be_pickled(lines, ax):
    render.plot(lines, ax)
    again = pickle.loads(pickle.dumps(ax.figure))
    assert (pixels(again) == pixels(ax.figure)).all()


def test_three_panels(deep):
    train, validation = np.array([[0.0, 0.0], [0.5, 0.25]]), np.array([[-0.5, -0.5]])
    figure = render.three_panels(deep, TARGET, train, validation, title="a title")
    drawn = pixels(figure)
    assert drawn.shape == (480, 1280, 3)
    left, centre, right = figure.axes
    assert [image_of(panel).norm.vmin for panel in (left, centre)] == [0, 0]
    assert [image_of(panel).norm.vmax for panel in (left, centre)] == [1, 1]
    assert right.images[0].get_clim() == (0, 1)
    assert right.get_ylim() == (-1, 0.5)
    assert "a title" in [text.get_text() for text in figure.texts]
    entries = [text.get_text() for text in right.get_legend().get_texts()]
    assert entries == ["2 training points", "1 validation points"]
    column, row = right.transData.transform((0.0, 0.0)).astype(int)
    assert np.abs(drawn[480 - row, column] - 255 * np.array(to_rgb(render.TRAIN))).max() < 40
    assert not pyplot.get_fignums()


def test_target_is_the_right_way_up(lines):
    target = np.zeros((4, 4))
    target[0] = 1.0  # the top row is white
    figure = render.three_panels(lines, target, None, None)
    drawn, right = pixels(figure), figure.axes[2]
    for y, grey in ((0.9, 255), (-0.9, 0)):
        column, row = right.transData.transform((0.0, y)).astype(int)
        assert (drawn[480 - row, column] == grey).all()


def test_bad_targets(lines):
    with pytest.raises(OptionError, match=r"from 0 to 255\. Divide bytes by 255"):
        render.three_panels(lines, np.array([[0, 255]], dtype=np.uint8), None, None)
    with pytest.raises(DimensionError, match="target image should be a 2-D array"):
        render.three_panels(lines, np.zeros((4, 4, 3)), None, None)
    with pytest.raises(DimensionError, match="should have pixels"):
        render.three_panels(lines, np.zeros((0, 4)), None, None)
    with pytest.raises(DomainError, match="Choose a Box"):
        render.three_panels(replace(lines, domain=lines.domain.to_polytope()), TARGET, None, None)
    with pytest.raises(DimensionError, match="`three_panels` needs points with 2 coordinates"):
        render.three_panels(lines, TARGET, np.zeros((5, 3)), None)


def test_frames(lines, deep):
    single = render.draw_frame(deep, step=1200)
    panels = render.draw_frame(deep, TARGET, [[0.0, 0.0]], [[0.1, 0.1]], step=1200)
    assert (single.shape, single.dtype) == ((540, 480, 3), np.uint8)
    assert (panels.shape, panels.dtype) == ((480, 1280, 3), np.uint8)
    assert (render.draw_frame(deep, step=1201) != single).any()
    low, high = scene.value_range(deep)
    assert (render.draw_frame(deep, step=1200, limits=(low, high)) == single).all()
    assert (render.draw_frame(deep, step=1200, limits=(low - 1, high)) != single).any()
    with pytest.raises(OptionError, match="black < white"):
        render.draw_frame(deep, limits=(1.0, 0.0))
    with pytest.raises(OptionError, match="but the network has 2 outputs, counted from 0"):
        render.draw_frame(lines, output=7)
    assert not pyplot.get_fignums()


def test_threads_draw_the_same_frames(lines, deep):
    expected = [render.draw_frame(partition) for partition in (lines, deep)]
    with ThreadPoolExecutor(4) as pool:
        frames = list(pool.map(lambda k: render.draw_frame((lines, deep)[k % 2]), range(8)))
    assert all((frame == expected[k % 2]).all() for k, frame in enumerate(frames))


def test_partitions_do_not_load_matplotlib():
    code = "import sys, polytope_lens.partition; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
