"""How good a model was at each recorded step, and how many regions it had."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from scipy.special import log_softmax

from polytope_lens._arrays import validate
from polytope_lens._compiled.jit import jit
from polytope_lens.displays.cards import steps_card
from polytope_lens.displays.phrases import many
from polytope_lens.engines.enumerate import count, partition
from polytope_lens.errors import DimensionError, DomainError, OptionError, require
from polytope_lens.io.text_table import MOST_ROWS, text_table
from polytope_lens.network.network import evaluate
from polytope_lens.network.scalar import check_output
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render.scene import layer_colors, region_spans
from polytope_lens.training.recorded_domain import in_domain
from polytope_lens.training.workers import in_order

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats, Ints
    from polytope_lens.domain import Box
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition
    from polytope_lens.training.recording import Recording
    from polytope_lens.training.samples import Samples


LOSSES = ("train_loss", "validation_loss", "true_error")
PRODUCT = 200_000
"""Multiplications in a matrix product from about which on BLAS uses several threads."""


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """Losses, true error and numbers of regions along a recording.

    Rows of steps at which a weight was not finite hold NaN, and 0 regions.

    Parameters
    ----------
    step : (n_steps,) int array
    train_loss, validation_loss : (n_steps,) arrays
        Mean squared error over the points; for categories the mean cross-entropy in nats. NaN without points.
    true_error : (n_steps,) array
        Over all pixels of the target image, not a sample: the mean squared error; for categories the share of pixels
        whose class is not the target's. NaN without a target.
    counts : (n_steps, n_layers) int array
        Exact: entry l is the number of regions that layers 0 ... l cut the domain into; the last one is the total.
    categorical : bool
        Whether the values to be learnt are categories.
    """

    step: Ints
    train_loss: Floats
    validation_loss: Floats
    true_error: Floats
    counts: Ints
    categorical: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __len__(self) -> int:
        return len(self.step)

    def _columns(self) -> dict[str, NDArray[Any]]:
        """What is known, by name."""
        losses = {name: getattr(self, name) for name in LOSSES}
        found = {name: values for name, values in losses.items() if not np.isnan(values).all()}
        return found | {f"regions_{layer}": counts for layer, counts in enumerate(self.counts.T)}

    def to_frame(self) -> pd.DataFrame:
        """A row for each step, which is the index.

        Returns
        -------
        pandas.DataFrame
            ``train_loss``, ``validation_loss``, ``true_error``
                Those of them that are known at any step.
            ``regions_0``, ``regions_1``, ...
                Regions after each layer; the last one is their total.

        Raises
        ------
        MissingExtraError
        """
        pandas = require("pandas", extra="data", purpose="a frame of measures")
        return pandas.DataFrame(self._columns(), index=pandas.Index(self.step, name="step"))

    def plot(self, figure: Figure | None = None) -> Figure:
        """Draw losses, and below them the number of regions after each layer, over the recorded steps.

        Both are on logarithmic scales. Losses that are not known are left out, and so are steps at which the training
        had diverged.

        Parameters
        ----------
        figure : Figure, optional
            Of matplotlib, where to draw; a new one by default.

        Returns
        -------
        Figure

        Raises
        ------
        DimensionError
            Nothing was measured.
        """
        if not self.counts.any():
            raise DimensionError("`plot` needs measures of at least one recorded step at which no weight was NaN.")
        from polytope_lens.render.matplotlib import INK, TRAIN, VALIDATION
        from polytope_lens.training.films.tracks import plot_over_steps

        error = "share wrong" if self.categorical else "whole image"
        looks = zip(LOSSES, (TRAIN, VALIDATION, INK), ("training", "validation", error), strict=True)
        columns, colors = self._columns(), layer_colors(self.counts.shape[1])
        losses = [(columns[name], color, label) for name, color, label in looks if name in columns]
        counts = [
            (column.astype(np.float64), tuple(color), f"after layer {layer}")
            for layer, (column, color) in enumerate(zip(self.counts.T, colors, strict=True))
            if layer in self._layers_that_cut()
        ]
        panels = [("cross-entropy" if self.categorical else "mean squared error", losses)] if losses else []
        return plot_over_steps(self.step, [*panels, ("regions", counts)], figure)

    def _layers_that_cut(self) -> list[int]:
        """Layers after which there are more regions than before at any step, and the first one."""
        more = (np.diff(self.counts, axis=1) > 0).any(axis=0)
        return [0, *(np.flatnonzero(more) + 1).tolist()]

    def __repr__(self) -> str:
        if not len(self):
            return "Measures(0 steps)"
        last = f"{len(self)} steps from {self.step[0]} to {self.step[-1]}"
        columns = self._columns()
        told = [f"{name} {columns[name][0]:.3g} to {columns[name][-1]:.3g}" for name in LOSSES if name in columns]
        if self.counts.shape[1]:
            told.append(f"{self.counts[0, -1]} to {self.counts[-1, -1]} regions")
        return f"Measures({', '.join([last, *told])})"

    def _repr_html_(self) -> str:
        return steps_card(repr(self), *self._table(), "measures.plot()", "measures.to_frame()")

    def __str__(self) -> str:
        return text_table(*self._table(), MOST_ROWS)

    def _table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The head and the rows of a table."""
        columns = self._columns()
        cells = [[f"{v:.4g}" if isinstance(v, float) else str(v) for v in c.tolist()] for c in columns.values()]
        rows = list(zip(map(str, self.step.tolist()), *cells, strict=True))
        return ("step", *columns), rows


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One step's measurements; see `Measures`."""

    train_loss: float
    validation_loss: float
    true_error: float
    counts: Ints | None


class MeasureOptions(TypedDict, total=False):
    """The options of `measure`."""

    output: int
    domain: Box | None
    workers: int
    progress: bool


def measure(
    recording: Recording, *, output: int = 0, domain: Box | None = None, workers: int = 2, progress: bool = True
) -> Measures:
    """Measure every step of a recording.

    Parameters
    ----------
    recording : Recording
    output : int
        Which output of the networks the values of samples and target are about; for categories all outputs count.
    domain : Box, optional
        Where to look, by default where the recording does.
    workers : int
        Processes to share long work; the result is the same for any number.
    progress : bool
        Whether to draw a progress bar on stderr.

    Returns
    -------
    Measures

    Raises
    ------
    OptionError
        An `output` that the networks do not have; more categories than outputs.
    DomainError, DimensionError
        No domain; a target image that it does not cover, or networks with other than two inputs for a target image.

    Notes
    -----
    The counts are exact. The true error is that of the network at the centre of every pixel, by the affine map of the
    region that holds it, so the network is evaluated at no pixel; rounded.
    Cost: one enumeration for each step, and two nanoseconds for each pixel of the target.

    Examples
    --------
    >>> from polytope_lens.network.network import from_arrays
    >>> from polytope_lens.training import Recording
    >>> tent = from_arrays([[[1.0, 0.0]], [[1.0]]], [[0.0], [0.0]])  # max(x, 0)
    >>> measures = measure(Recording([0], (tent,), target=np.zeros((4, 4))), progress=False)
    >>> measures.true_error, measures.counts  # (0.25^2 + 0.75^2) / 4 over four columns
    (array([0.15625]), array([[2]]))
    """
    recording = in_domain(recording, domain)
    output = check(recording, output)
    row = partial(_row, without_networks(recording), output)
    rows = in_order(row, recording.networks, workers=workers, progress="measuring" if progress else None)
    return gather(recording, list(rows))


def without_networks(recording: Recording) -> Recording:
    """What all steps have in common, to be sent to other processes."""
    return replace(recording, steps=np.zeros(0, dtype=np.int64), networks=())


def _row(recording: Recording, output: int, network: Network | None) -> Row:
    return measure_step(recording, output, network)[1]


def measure_step(recording: Recording, output: int, network: Network | None) -> tuple[Partition | None, Row]:
    """The partition and the measurements of one network; without a partition where it has other than two inputs."""
    if network is None:
        return None, Row(np.nan, np.nan, np.nan, None)
    losses = (np.nan, np.nan)
    if recording.samples is not None:
        s = recording.samples
        loss = partial(_loss, network, output)
        losses = loss(s.train_points, s.train_values), loss(s.validation_points, s.validation_values)
    if network.input_dim != 2:
        return None, Row(*losses, np.nan, count(network, recording.domain, progress=False).per_layer)
    found = partition(network, recording.domain, progress=False)
    error = np.nan if recording.target is None else true_error(found, recording.target, output)
    return found, Row(*losses, error, found.counts_per_layer)


def gather(recording: Recording, rows: list[Row]) -> Measures:
    """The rows of all steps as columns."""
    n_layers = max((len(row.counts) for row in rows if row.counts is not None), default=0)
    none = np.zeros(n_layers, dtype=np.int64)
    counts = [none if row.counts is None else row.counts for row in rows]
    return Measures(
        step=recording.steps,
        train_loss=np.array([row.train_loss for row in rows]),
        validation_loss=np.array([row.validation_loss for row in rows]),
        true_error=np.array([row.true_error for row in rows]),
        counts=np.array(counts, dtype=np.int64).reshape(len(rows), n_layers),
        categorical=is_categorical(recording),
    )


def is_categorical(recording: Recording) -> bool:
    """Whether the target, or without one the values of the samples, are integers: numbers of categories."""
    if recording.target is not None:
        return recording.target.dtype.kind == "i"
    return recording.samples is not None and recording.samples.is_categorical


def true_error(partition: Partition, target: ArrayLike, output: int = 0) -> float:
    """Error of a network over all pixels of a target image on [-1, 1]^2.

    Parameters
    ----------
    partition : Partition
        Of a box that covers the square.
    target : (h, w) array
        Row 0 at the top. Of floats: the result is the mean squared error of the output. Of integers, numbers of
        categories: the share of pixels at which another output than that one is the greatest (the first of several).
    output : int
        For a target of floats.

    Notes
    -----
    Pixel by pixel, at their centres, by the affine map of the region that holds the centre; rounded.
    """
    pixels = np.asarray(target)
    spans = region_spans(require_planar_mesh(partition), np.array([-1.0, -1.0]), np.array([1.0, 1.0]), pixels.shape)
    where = (spans.regions, spans.rows, spans.starts, spans.stops)
    upwards = np.ascontiguousarray(pixels[::-1])
    totals = np.zeros(len(upwards))  # for each row, so that roundings hardly add up
    if pixels.dtype.kind in "ui":
        _count_wrong(*where, partition.maps, upwards.astype(np.int64), totals)
    else:
        _add_squares(*where, np.ascontiguousarray(partition.maps[:, output]), upwards.astype(np.float64), totals)
    return float(totals.sum() / pixels.size)


@jit
def _add_squares(
    regions: Ints, rows: Ints, starts: Ints, stops: Ints, planes: Floats, target: Floats, totals: Floats
) -> None:  # pragma: no cover - compiled
    height, width = target.shape
    for span in range(regions.size):
        row, region = rows[span], regions[span]
        a = planes[region, 0]
        c = planes[region, 1] * ((2 * row + 1) / height - 1) + planes[region, 2]
        total = 0.0
        for column in range(starts[span], stops[span]):
            error = a * ((2 * column + 1) / width - 1) + c - target[row, column]
            total += error * error
        totals[row] += total


@jit
def _count_wrong(
    regions: Ints, rows: Ints, starts: Ints, stops: Ints, maps: Floats, target: Ints, totals: Floats
) -> None:  # pragma: no cover - compiled
    height, width = target.shape
    for span in range(regions.size):
        row, region = rows[span], regions[span]
        y = (2 * row + 1) / height - 1
        for column in range(starts[span], stops[span]):
            x = (2 * column + 1) / width - 1
            best, greatest = 0, -np.inf
            for k in range(maps.shape[1]):
                value = maps[region, k, 0] * x + (maps[region, k, 1] * y + maps[region, k, 2])
                if value > greatest:
                    best, greatest = k, value
            totals[row] += best != target[row, column]


def _loss(network: Network, output: int, points: Floats, values: NDArray[np.float64] | Ints) -> float:
    """Mean squared error, or the mean cross-entropy of integer values; NaN without points."""
    if not len(points):
        return float(np.nan)
    # Pieces so small that matrix products stay on one thread: several, on a busy machine, take up to ten times as long.
    largest = max(layer.weight.shape[0] * layer.weight.shape[1] for layer in network.layers) if network.layers else 1
    piece = max(1, PRODUCT // largest)
    outputs = np.concatenate([evaluate(network, points[i : i + piece]) for i in range(0, len(points), piece)])
    if values.dtype.kind == "i":
        return float(-np.mean(log_softmax(outputs, axis=1)[np.arange(len(values)), values]))
    return float(np.mean((outputs[:, output] - values) ** 2))


def check_categories(network: Network, samples: Samples | None, target: NDArray[Any] | None) -> None:
    """Raise where a network has too few outputs for the categories that it should learn."""
    labels = [] if target is None else [target]
    if samples is not None:
        labels += [samples.train_values, samples.validation_values]
    m = network.output_dim
    for values in labels:
        if values.dtype.kind == "i" and values.size and not 0 <= values.min() <= values.max() < m:
            advice = "Where one output tells two classes apart, give them as floats, 0.0 and 1.0." if m == 1 else ""
            raise OptionError(
                "integers are numbers of categories, each with an output of its own: a network with "
                f"{many(m, 'output')} tells those from 0 to {m - 1}, but the values run from {values.min()} to "
                f"{values.max()}. "
                f"{advice or 'For values that are no categories give floats.'}"
            )


def check(recording: Recording, output: int) -> int:
    """The number of the output, counted from the first; raises where a recording cannot be measured."""
    network = next((network for network in recording.networks if network is not None), None)
    if network is None:
        return validate.count(output, name="`output`", least=0)
    output = check_output(network, output)
    check_categories(network, recording.samples, recording.target)
    if recording.target is None:
        return output
    if network.input_dim != 2:
        raise DimensionError(
            f"a target image is learnt by networks with 2 inputs, but these have {network.input_dim}. Leave the "
            "target out, or look at a plane: `recording.slice(p, q, r)`."
        )
    assert recording.domain is not None  # there is one where there is a target
    if not recording.domain.contains([[-1, -1], [1, 1]]).all():
        raise DomainError(
            f"a target image covers [-1, 1]^2, but the domain of this recording is {recording.domain!r}. Choose a box "
            "that holds the square, or leave the target out."
        )
    return output
