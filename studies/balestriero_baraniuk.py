"""Balestriero and Baraniuk 2018, "A spline theory of deep learning", and the power diagrams of 2019.

Proceedings of Machine Learning Research 80: in the region of an input a network is one affine map, whose rows are
templates of the classes, as in a bank of matched filters; "The geometry of deep networks: power diagram subdivision"
(NeurIPS 2019): each layer's cells are those of a power diagram, whose centroids can be pulled back to the input.
Measured here, before, in and after training: how a template agrees with the image that it is of; how the offset
matters; whether templates of classes are at right angles, as the paper's penalty is to make them; where centroids lie;
and how far images are from the nearest boundary of each layer. The short version takes half a minute on one core,
`--full` two: 60 images for 20.

The papers give no number that can be met here: figures on CIFAR10 and SVHN. Ours: digits, three layers of 32, weights
as PyTorch draws them, Adam at a rate of 1e-3 with batches of 64 and cross-entropy, and the same with the penalty on the
squared scalar products of different rows of the last matrix, times 1 (the paper's factors are not known to us).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

from digits import accuracy, digits, perceptron, train
from report import BLUE, GREEN, GREY, ORANGE, VERMILLION, arguments, draw, keep, show

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from polytope_lens import Lens, Region

    Floats = NDArray[np.float64]

WIDTHS = (64, 32, 32, 32, 10)
STOPS = (0, 20, 100, 400, 2000)
COLORS = (BLUE, GREEN, VERMILLION)


def cosine(a: Floats, b: Floats) -> Floats:
    """Of the angles between rows; 0 where one is zero."""
    sizes = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.asarray((a * b).sum(axis=-1) / np.where(sizes > 0, sizes, 1.0))


def mean_angle(A: Floats) -> float:
    """The mean absolute cosine of the angles between different rows."""
    return float(np.abs(cosine(A[:, None], A[None]))[~np.eye(len(A), dtype=bool)].mean())


def templates(region: Region, x: Floats, digit: int) -> dict[str, float]:
    """How the templates of a region's map agree with an image in it, and how much of its answer they are.

    `true`, `rival`: the cosine of the image with the template of its digit, and the greatest with another one, after
    the mean template is subtracted, which adds the same to all answers. `by_slope`: whether the greatest ``A x``,
    without the offset, is the answer. `angle`: the mean absolute cosine between templates.
    """
    A, b = region.affine_map.A, region.affine_map.b
    centred = A - A.mean(axis=0)
    agree = cosine(centred, x[None])
    return {
        "true": float(agree[digit]), "rival": float(np.delete(agree, digit).max()),
        "matched": float(agree.argmax() == digit), "by_slope": float((A @ x).argmax() == (A @ x + b).argmax()),
        "offset_share": float(np.ptp(b) / (np.ptp(b) + np.ptp(A @ x))), "angle": mean_angle(A),
    }  # fmt: skip


def layers(region: Region, x: Floats) -> list[dict[str, float]]:
    """Of each layer: its centroid, pulled back to the input, beside the image; and its nearest boundary.

    `distance` is to the nearest facet that a neuron of the layer owns, infinite where the region has none.
    """
    found = []
    for index, cell in enumerate(region.power_cells()):
        found.append({
            "centroid_cosine": float(cosine(cell.centroid, x)),
            "centroid_distance": float(np.linalg.norm(cell.centroid - x)),
            "radius": cell.radius,
            "distance": region.nearest_boundary(x, layer=index).distance,
        })  # fmt: skip
    return found


def is_power_cell(lens: Lens, region: Region, X: Floats) -> bool:
    """Whether the first layer's cell at a region is the one of least power at its image, against those at points X."""
    x = region.point
    own = float(region.power_cells()[0].power(x))
    return all(own <= float(other.power_cells()[0].power(x)) + 1e-9 for other in lens.at(X))


def rows_of(
    n_points: int, penalty: float, stops: tuple[int, ...] = STOPS
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Means over test images through training: templates, and layers."""
    data = digits()
    X, y = data.X_test[:n_points], data.y_test[:n_points]
    of_templates, of_layers = [], []
    model = perceptron(WIDTHS, 0, init="default")
    for step, lens in train(model, data, stops, penalty=penalty):
        regions = list(lens.at(X))
        told = [templates(region, x, int(digit)) for region, x, digit in zip(regions, X, y, strict=True)]
        setting = {"points": n_points, "penalty": penalty, "step": step}
        means = {name: float(np.mean([one[name] for one in told])) for name in told[0]}
        means["angle_of_last_rows"] = mean_angle(lens.network.dense_output_weight())
        of_templates.append(setting | means | {"accuracy": accuracy(lens, data.X_test, data.y_test)})
        each = [layers(region, x) for region, x in zip(regions, X, strict=True)]
        assert all(is_power_cell(lens, region, X) for region in regions[:3])
        for index in range(len(WIDTHS) - 2):
            some = [one[index] for one in each]
            finite = [one["distance"] for one in some if np.isfinite(one["distance"])]
            nearest = [min(range(len(one)), key=lambda k, one=one: one[k]["distance"]) == index for one in each]
            of_layers.append(setting | {
                "layer": index,
                "centroid_cosine": float(np.mean([one["centroid_cosine"] for one in some])),
                "centroid_distance": float(np.mean([one["centroid_distance"] for one in some])),
                "distance": float(np.median(finite)) if finite else np.nan,
                "with_facets": len(finite) / len(some), "nearest": float(np.mean(nearest)),
            })  # fmt: skip
    return of_templates, of_layers


def figure(of_templates: pd.DataFrame, of_layers: pd.DataFrame) -> plt.Figure:
    """Templates of three images after training, and the numbers through training."""
    drawn = plt.figure(figsize=(13, 6.6))
    grid = drawn.add_gridspec(2, 1, height_ratios=(1, 3.2), hspace=0.2)
    data = digits()
    ((_, lens),) = train(perceptron(WIDTHS, 0, init="default"), data, [STOPS[-1]])
    top = grid[0].subgridspec(1, 12, wspace=0.08)
    chosen = [int(np.flatnonzero(data.y_test == digit)[0]) for digit in (3, 7)]
    for row, i in enumerate(chosen):
        x, digit = data.X_test[i], int(data.y_test[i])
        region = lens.at(x)
        A = region.affine_map.A - region.affine_map.A.mean(axis=0)
        shown = [("image", x), ("its own", A[digit]), ("of 8", A[8]), ("of 0", A[0])]
        shown += [(f"centroid {k + 1}", cell.centroid) for k, cell in enumerate(region.power_cells()[:2])]
        for column, (name, values) in enumerate(shown):
            axis = drawn.add_subplot(top[0, 6 * row + column])
            size = np.abs(values).max()
            axis.imshow(
                values.reshape(8, 8), cmap="PuOr_r" if column else "gray_r", vmin=-size if column else 0, vmax=size
            )
            axis.set_title(name, fontsize=9)
            axis.axis("off")
    bottom = grid[1].subgridspec(1, 3, wspace=0.3)
    match, angle, near = (drawn.add_subplot(bottom[0, k]) for k in range(3))
    x = np.maximum(STOPS, 5)
    plain = of_templates[of_templates.penalty == 0]
    match.plot(x, plain.true, "o-", color=BLUE, label="with the template of its digit")
    match.plot(x, plain.rival, "o-", color=VERMILLION, label="with the best of the others")
    match.plot(x, plain.by_slope, "s:", color=GREY, label="answer is the same without offsets (share)")
    match.set(ylabel="cosine with the image, or share", title="Templates")
    for penalty, style, name in ((0.0, "o-", "plain"), (1.0, "s--", "with the penalty")):
        some = of_templates[of_templates.penalty == penalty]
        angle.plot(x, some.angle, style, color=BLUE, label=f"templates, {name}")
        angle.plot(x, some.angle_of_last_rows, style, color=ORANGE, label=f"last matrix, {name}")
    angle.set(ylabel="mean absolute cosine", title="Templates at right angles?")
    layered = of_layers[of_layers.penalty == 0]
    for index, color in enumerate(COLORS):
        near.semilogy(x, layered[layered.layer == index].distance, "o-", color=color, label=f"layer {index + 1}")
    near.set(ylabel="median distance", title="From an image to the nearest boundary")
    angle.set_ylim(0, 1)
    match.set_ylim(top=1.5)
    for axis in (match, angle, near):
        axis.set_xscale("log")
        axis.set_xlabel("step (5 stands for 0)")
        axis.legend(frameon=False, fontsize=8, loc="lower right" if axis is near else "upper left")
        axis.spines[["top", "right"]].set_visible(False)
    return drawn


def main() -> None:
    """Rows, tables and the figure."""
    asked = arguments(__doc__)
    n = 60 if asked.full else 20
    for penalty in (0.0, 1.0):
        of_templates, of_layers = rows_of(n, penalty)
        first = keep("balestriero_templates", ["points", "penalty", "step"], of_templates, asked.pages)
        second = keep("balestriero_layers", ["points", "penalty", "layer", "step"], of_layers, asked.pages)
    first, second = (frame[frame.points == frame.points.max()] for frame in (first, second))
    show("Templates at test images, means", first)
    show("Layers at test images (distance: median where there is a facet)", second)
    draw("balestriero_baraniuk", figure(first, second), asked.pages)


if __name__ == "__main__":
    main()
