"""What stands at the very end is left out only where the outputs are those of the model without it, in its order."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import UnsupportedLayerError
from polytope_lens.importers import ends, graph
from polytope_lens.importers.layering import schedule
from polytope_lens.network.network import evaluate

X = np.random.default_rng(0).standard_normal((20, 6))


def logits(shape=(2, 3)):
    return graph.source(shape)


def values(tensor):
    return evaluate(schedule(tensor, 6).network, X)


def test_an_increasing_end_gives_way_to_what_went_into_it():
    found = ends.without(ends.increasing(logits(), "tanh", "here").picked(np.array([[5, 0], [3, 3]])))
    assert np.array_equal(values(found.tensor), X[:, [5, 0, 3, 3]])
    assert found.tensor.shape == (2, 2)
    assert (found.name, found.meaning) == ("tanh", "")


@pytest.mark.parametrize("index", [[[2, 0, 1], [3, 4, 5]], [[0, 2], [4, 3]]])
def test_classes_of_a_softmax_may_be_moved_and_left_out_as_long_as_two_can_be_compared(index):
    found = ends.without(ends.softmax(logits(), [1], "softmax", "here").picked(np.array(index)))
    assert np.array_equal(values(found.tensor), X[:, np.ravel(index)])


def test_one_of_two_classes_is_the_difference_of_logits():
    end = ends.softmax(logits((3, 2)), [1], "softmax", "here")
    for chosen in ([1, 3, 5], [0, 3], [4]):
        found = ends.without(end.picked(np.array(chosen)))
        other = np.array(chosen) ^ 1
        np.testing.assert_allclose(values(found.tensor), X[:, chosen] - X[:, other], rtol=0, atol=0)
        assert "0 where both are equally probable" in found.meaning


def test_the_label_gives_way_to_what_is_compared():
    for keep, shape in ((False, (2,)), (True, (2, 1))):
        found = ends.largest(logits(), [1], keep=keep, name="argmax", where="here")
        assert found.shape == shape
        assert np.array_equal(values(ends.without(found).tensor), X)
    after = ends.largest(ends.softmax(logits(), [1], "softmax", "here"), [1], keep=False, name="argmax", where="there")
    assert ends.without(after).name == "softmax, argmax"
    assert np.array_equal(values(ends.without(after).tensor), X)


ROWS = np.arange(6).reshape(2, 3)
REFUSED = {
    "one class of three": lambda: ends.softmax(logits(), [1], "s", "here").picked(np.array([1, 4])),
    "one class here, two there": lambda: ends.softmax(logits((3, 2)), [1], "s", "here").picked(np.array([0, 2, 3])),
    "a class twice": lambda: ends.softmax(logits(), [1], "s", "here").picked(np.array([1, 1, 4, 4])),
    "zeros beside it": lambda: ends.increasing(logits(), "s", "here").picked(np.array([0, -1])),
    "a softmax over one value": lambda: ends.softmax(logits((1, 6)), [0], "s", "here"),
    "a label of one value": lambda: ends.largest(logits((1, 6)), [0], keep=False, name="a", where="here"),
    "labels in another order": lambda: ends.largest(
        logits(), [1], keep=False, name="a", where="here").picked(np.array([1, 0])),
    "one label of two": lambda: ends.largest(logits(), [1], keep=False, name="a", where="here").picked(np.array([1])),
    "labels across softmaxes": lambda: ends.largest(
        ends.softmax(logits(), [1], "s", "here"), [0], keep=False, name="a", where="here"),
    "labels of labels": lambda: ends.largest(
        ends.largest(logits(), [1], keep=False, name="a", where="here"), [0], keep=False, name="a", where="here"),
    "a sigmoid of labels": lambda: ends.increasing(
        ends.largest(logits(), [1], keep=False, name="a", where="here"), "s", "here"),
    "a softmax of a sigmoid": lambda: ends.softmax(ends.increasing(logits(), "s", "here"), [1], "s", "here"),
    "nothing": lambda: ends.increasing(logits(), "s", "here").picked(np.zeros(0, dtype=int)),
}  # fmt: skip


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_would_be_another_function_is_refused(case):
    with pytest.raises(UnsupportedLayerError, match=r"^here (is not piecewise affine|is taken over)"):
        ends.without(REFUSED[case]())


def test_parts_of_one_end_are_joined_and_those_of_two_are_not():
    one, two = (ends.increasing(logits(), "s", "here") for _ in range(2))
    parts = [one.picked(ROWS[:, :1]), one.picked(ROWS[:, 2:])]
    joined = ends.joined(parts, np.array([[0, 2], [1, 3]]))
    assert joined.places.tolist() == [[0, 2], [3, 5]]
    assert ends.joined([one, two], ROWS) is None
