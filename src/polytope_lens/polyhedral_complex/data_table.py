"""Which regions hold given points, and what the points of one region have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError, OptionError, require
from polytope_lens.network.network import evaluate
from polytope_lens.polyhedral_complex.locate import locate

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats, Ints
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition


DataTask = Literal["classification", "regression"]
TASKS = get_args(DataTask)


@dataclass(frozen=True, slots=True, eq=False)
class RegionData:
    """The regions of a partition that hold points of a data set.

    Parameters
    ----------
    of_point : (n,) int array
        The region that holds each point.
    region : (k,) int array
        The occupied regions, ascending.
    count : (k,) int array
        Number of points in each.
    label : (k,) array or None
        The most frequent label in each region, the least one among equals; for labelled points.
    purity : (k,) array or None
        Share of the points of each region that have this label.
    error : (k,) array or None
        Mean error of the predictions in each region: the share of wrong ones in classification, the mean squared error
        in regression. None if there was nothing to compare with: no `y`, or labels that are not the numbers of at least
        two outputs, and no predictions.
    n_regions : int
        Number of regions of the partition, occupied or empty.
    """

    of_point: Ints
    region: Ints
    count: Ints
    label: NDArray[Any] | None
    purity: Floats | None
    error: Floats | None
    n_regions: int

    def __post_init__(self) -> None:
        for name in ("of_point", "region", "count", "label", "purity", "error"):
            array = getattr(self, name)
            if array is not None:
                array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.region)

    @property
    def n_empty(self) -> int:
        """Number of regions without a point."""
        return self.n_regions - len(self.region)

    @property
    def n_pure(self) -> int:
        """Number of occupied regions whose points all have one label."""
        return 0 if self.purity is None else int((self.purity == 1).sum())

    def mean_purity(self) -> float:
        """Share of all points that have the label of their region; NaN without labels."""
        return self._mean(self.purity)

    def mean_error(self) -> float:
        """Mean error of all points; NaN without any."""
        return self._mean(self.error)

    def _mean(self, values: Floats | None) -> float:
        return float("nan") if values is None else float(np.average(values, weights=self.count))

    def to_frame(self) -> pd.DataFrame:
        """A row for each occupied region, indexed by its number, which joins with `region_table.to_frame`.

        Raises
        ------
        MissingExtraError
        """
        pandas = require("pandas", extra="data", purpose="`to_frame`")
        columns = {name: getattr(self, name) for name in ("count", "label", "purity", "error")}
        present = {name: values for name, values in columns.items() if values is not None}
        return pandas.DataFrame(present, index=pandas.Index(self.region, name="region"))

    def __repr__(self) -> str:
        told = f"{len(self.of_point)} points in {len(self)} of {self.n_regions} regions"
        if self.purity is not None:
            told += f", purity {self.mean_purity():.3g}"
        if self.error is not None:
            told += f", error {self.mean_error():.3g}"
        return f"RegionData({told})"


def data_table(
    partition: Partition,
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    predictions: ArrayLike | None = None,
    task: DataTask | None = None,
) -> RegionData:
    """Count the points of each region; with `y`, also its purity and the network's error there.

    Parameters
    ----------
    partition : Partition
    X : (n, d) array
        Points of the domain, at least one.
    y : (n,) or (n, out) array, optional
        A label for each point, or the values that the network should have.
    predictions : array like y, optional
        What to compare with `y`. By default the network's outputs, in classification the number of the greatest one;
        for a network with one output this may be ``lens(X)[:, 0] > 0``.
    task : "classification" or "regression", optional
        By default "regression" if `y` holds floats, else "classification".

    Raises
    ------
    OutsideDomainError, PartialPartitionError, DimensionError, OptionError

    Notes
    -----
    Which region holds which point is exact; points on boundaries go where `locate` says. Outputs are computed
    in float64, and errors are rounded.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[0, 0], [0, 0]])
    >>> X, y = [[1, 2], [2, 1], [3, 1], [-1, 1]], [1, 0, 1, 1]
    >>> found = lens.partition().data_table(X, y)
    >>> found, found.n_empty
    (RegionData(4 points in 2 of 4 regions, purity 0.75, error 0.25), 2)
    >>> found.to_frame()  # doctest: +NORMALIZE_WHITESPACE
            count  label    purity     error
    region
    1           1      1  1.000000  0.000000
    3           3      1  0.666667  0.333333
    """
    network = partition.network
    rows = validate.points(X, network.input_dim, what="`data_table`")
    if not len(rows):
        raise DimensionError("`data_table` needs at least one point, but received none.")
    of_point = locate(partition, rows)
    region, place, count = np.unique(of_point, return_inverse=True, return_counts=True)
    label = purity = error = None
    if y is not None:
        wanted = _labels(y)
        kind = _task(wanted, task)
        if kind == "classification":
            label, purity = _majority(_per_point(wanted, rows, "`y`"), place, count)
        errors = _errors(network, rows, wanted, predictions, kind)
        error = None if errors is None else np.bincount(place, weights=errors, minlength=len(region)) / count
    elif predictions is not None or task is not None:
        raise OptionError("`predictions` and `task` say how to compare with `y`, but no `y` was given.")
    return RegionData(of_point, region, count, label, purity, error, len(partition))


def _task(wanted: NDArray[Any], task: str | None) -> str:
    if task is None:
        return "regression" if wanted.dtype.kind == "f" else "classification"
    return validate.option(task, name="`task`", allowed=TASKS)


def _per_point(values: NDArray[Any], rows: Floats, name: str) -> NDArray[Any]:
    if values.shape != (len(rows),):
        raise DimensionError(
            f"{name} should have one label for each of the {len(rows)} points, but has shape {values.shape}."
        )
    return values


def _majority(labels: NDArray[Any], place: Ints, count: Ints) -> tuple[NDArray[Any], Floats]:
    """Most frequent label of each region, and its share."""
    kinds, kind = np.unique(labels, return_inverse=True)
    pairs, times = np.unique(np.column_stack([place, kind]), axis=0, return_counts=True)
    order = np.lexsort((pairs[:, 1], -times, pairs[:, 0]))
    first = order[np.unique(pairs[order, 0], return_index=True)[1]]
    return kinds[pairs[first, 1]], times[first] / count


def _errors(
    network: Network, rows: Floats, wanted: NDArray[Any], predictions: ArrayLike | None, task: str
) -> Floats | None:
    """Error of each point, (n,), or None if there is nothing to compare labels with."""
    if task == "classification":
        labels = _classes(network, rows, wanted) if predictions is None else np.asarray(predictions)
        if labels is None:
            return None
        return np.asarray(_per_point(labels, rows, "`predictions`") != wanted, dtype=np.float64)
    values = evaluate(network, rows) if predictions is None else _rows_of_values(predictions, "`predictions`")
    goal = _rows_of_values(wanted, "`y`")
    if values.shape != goal.shape or len(goal) != len(rows):
        raise DimensionError(
            f"in regression `y` and the predictions should have one row of equal length for each of the {len(rows)} "
            f"points, but they are of shapes {goal.shape} and {values.shape}."
        )
    return np.asarray(((values - goal) ** 2).mean(axis=1))


def _labels(y: ArrayLike) -> NDArray[Any]:
    """Classes or values, one for each point or, of values, one row."""
    try:
        return validate.as_array(y)
    except Exception as cause:
        raise DimensionError(
            f"`y` should be an array of a class or of values for each point, but received {validate.shown(y)}."
        ) from cause


def _rows_of_values(values: ArrayLike, name: str) -> Floats:
    """Finite numbers, one row for each point."""
    array = validate.float_array(values, name=name, ndim=1 if validate.n_axes(values) == 1 else 2)
    return array.reshape(len(array), array[:1].size)


def _classes(network: Network, rows: Floats, wanted: NDArray[Any]) -> Ints | None:
    """The number of the greatest output at each point, if the labels are such numbers."""
    n = network.output_dim
    if n < 2 or wanted.dtype.kind not in "biu" or wanted.min() < 0 or wanted.max() >= n:
        return None
    return np.asarray(np.argmax(evaluate(network, rows), axis=1), dtype=np.int64)
