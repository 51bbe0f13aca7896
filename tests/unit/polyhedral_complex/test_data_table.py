"""Data sets seen through the regions that hold their points."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from families import generic, golden
from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, OptionError, OutsideDomainError, PartialPartitionError
from polytope_lens.network.network import Network

RNG = np.random.default_rng(3)
LENS = Lens(golden((2, 8, 8), 2))
THREE = Lens(Network(LENS.network.layers, RNG.standard_normal((3, 8)), RNG.standard_normal(3)))
BOX = Box([-2, -2], [2, 2])
X = RNG.uniform(-2, 2, (400, 2))
LABELS = RNG.integers(0, 3, 400)


def by_hand(partition, values):
    """Lists of values by region."""
    lists = defaultdict(list)
    for region, value in zip(partition.locate(X).tolist(), values, strict=True):
        lists[region].append(value)
    return dict(sorted(lists.items()))


def test_points_are_counted():
    partition = LENS.partition(BOX)
    found = partition.data_table(X)
    points = by_hand(partition, range(len(X)))
    assert found.of_point.tolist() == partition.locate(X).tolist()
    assert found.region.tolist() == list(points)
    assert found.count.tolist() == list(map(len, points.values())) and found.count.sum() == len(X)
    assert found.n_empty == len(partition) - len(points) > 0 and len(found) == len(points)
    assert found.label is found.purity is found.error is None
    assert np.isnan(found.mean_purity()) and np.isnan(found.mean_error()) and found.n_pure == 0
    assert repr(found) == f"RegionData(400 points in {len(points)} of {len(partition)} regions)"
    with pytest.raises(ValueError, match="read-only"):
        found.count[0] = 1


@pytest.mark.parametrize("name", [int, str])
def test_labels_make_regions_more_or_less_pure(name):
    partition = THREE.partition(BOX)
    labels = np.array([name(label) for label in LABELS])
    found = partition.data_table(X, labels, predictions=None if name is int else labels[::-1])
    for k, (region, some) in enumerate(by_hand(partition, labels.tolist()).items()):
        times = Counter(some)
        most = max(times.values())
        assert found.region[k] == region
        assert found.label[k] == min(label for label, n in times.items() if n == most)
        assert found.purity[k] == most / len(some)
    assert found.mean_purity() == pytest.approx((found.purity * found.count).sum() / 400)
    assert found.n_pure == (found.purity == 1).sum() > 0
    predicted = THREE(X).argmax(axis=1) if name is int else labels[::-1]
    wrong = by_hand(partition, (predicted != labels).tolist())
    assert np.allclose(found.error, [np.mean(some) for some in wrong.values()])
    assert found.mean_error() == pytest.approx(np.mean(predicted != labels))


def test_networks_with_one_output_need_to_be_told_what_they_predict():
    partition, labels = LENS.partition(BOX), LABELS > 0
    assert partition.data_table(X, labels).error is None
    assert partition.data_table(X, labels).purity is not None
    told = partition.data_table(X, labels, predictions=LENS(X)[:, 0] > 0)
    assert told.mean_error() == pytest.approx(np.mean((LENS(X)[:, 0] > 0) != labels))
    assert THREE.partition(BOX).data_table(X, LABELS + 1).error is None


def test_values_have_mean_squared_errors():
    for lens, goal in ((LENS, RNG.standard_normal(400)), (THREE, RNG.standard_normal((400, 3)))):
        partition = lens.partition(BOX)
        found = partition.data_table(X, goal)
        square = ((lens(X) - goal.reshape(400, -1)) ** 2).mean(axis=1)
        assert np.allclose(found.error, [np.mean(some) for some in by_hand(partition, square).values()])
        assert found.mean_error() == pytest.approx(square.mean())
        assert found.label is None
        assert partition.data_table(X, goal, predictions=goal).mean_error() == 0
        assert partition.data_table(X, lens(X)).mean_error() == 0
    numbers = LENS.partition(BOX).data_table(X, LABELS, task="regression")
    assert numbers.mean_error() == pytest.approx(np.mean((LENS(X)[:, 0] - LABELS) ** 2))
    floats = THREE.partition(BOX).data_table(X, LABELS.astype(float), task="classification")
    assert floats.label is not None and floats.error is None


def test_tables_join_with_those_of_regions():
    pytest.importorskip("pandas")
    partition = THREE.partition(BOX)
    found = partition.data_table(X, LABELS)
    table = found.to_frame()
    assert table.columns.tolist() == ["count", "label", "purity", "error"]
    joined = partition.to_frame().join(table)
    assert len(joined) == len(partition) and joined["count"].sum() == 400
    assert joined["count"].isna().sum() == found.n_empty
    assert partition.data_table(X).to_frame().columns.tolist() == ["count"]


def test_questions_without_an_answer():
    partition = THREE.partition(BOX)
    with pytest.raises(OutsideDomainError):
        partition.data_table([[3, 0]])
    with pytest.raises(PartialPartitionError):
        Lens(generic(9, 2)).explore([0, 0], max_regions=2).data_table(5 * X)
    with pytest.raises(DimensionError, match="at least one point"):
        partition.data_table(np.zeros((0, 2)))
    with pytest.raises(DimensionError, match="one label for each of the 400 points"):
        partition.data_table(X, LABELS[:-1])
    with pytest.raises(DimensionError, match="`predictions` should have one label"):
        partition.data_table(X, LABELS, predictions=LABELS[:-1])
    with pytest.raises(DimensionError, match="in regression"):
        partition.data_table(X, RNG.standard_normal(400))
    with pytest.raises(DimensionError, match="in regression"):
        partition.data_table(X, RNG.standard_normal((399, 3)))
    with pytest.raises(DimensionError, match="`y` should be finite"):
        partition.data_table(X, np.full((400, 3), np.nan))
    with pytest.raises(DimensionError, match="`y` should be a 1-D array of real numbers"):
        partition.data_table(X, LABELS.astype(str), task="regression")
    with pytest.raises(OptionError, match="`task` should be one of"):
        partition.data_table(X, LABELS, task="ranking")
    for option in ({"predictions": LABELS}, {"task": "regression"}):
        with pytest.raises(OptionError, match="no `y` was given"):
            partition.data_table(X, **option)
