"""Proof logs of greatest and least values, of one network or of a difference: what is accepted, and forgeries.

Forged logs get a new digest. Whatever is accepted has to be true of what the log names.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from families import golden, random_deep
from polytope_lens import Box, Lens, Status, Verdict
from polytope_lens.network.network import Layer, Network, from_arrays
from polytope_lens.proof.checker import verify
from polytope_lens.proof.log import is_about
from polytope_lens.properties import listing
from polytope_lens.properties.counterexample import exact_outputs
from proof_logs import answer, with_line
from properties_twin import greatest, random_box, random_network

HAT = Lens.from_arrays([[[3, 0], [0, 1], [1, 1]], [[1, 1, -2]]], [[-1, 0, -1], [0]])
DEEP = Lens(golden((2, 4, 4), 1))
SQUARE = Box([-1, -1], [1, 1])
CUT_OFF = (["0", "0"], ["0.7", "1"])


def lines_of(path):
    return path.read_text().splitlines()[:-1]


@pytest.fixture(scope="module")
def hat(tmp_path_factory):
    """A greatest value of 7/5."""
    path = tmp_path_factory.mktemp("proofs") / "run.proof"
    assert HAT.maximum([1], CUT_OFF, proof=path).is_logged
    return lines_of(path)


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    path = tmp_path_factory.mktemp("proofs") / "run.proof"
    assert DEEP.minimum([1], SQUARE, proof=path).is_logged
    return lines_of(path)


@pytest.mark.parametrize("seed", range(16))
def test_extrema_of_random_networks_are_proved(seed, tmp_path):
    rng = np.random.default_rng([seed, 5])
    d, out = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    lens, domain = random_network(rng, d, out), random_box(rng, d)
    row = [Fraction(int(v), 3) for v in rng.integers(-2, 3, out)]
    ask, name, sign = ((lens.maximum, "GREATEST", 1), (lens.minimum, "LEAST", -1))[seed % 2]
    found = ask(row, domain, proof=tmp_path / "run.proof")
    told = verify(tmp_path / "run.proof")
    assert found.status is Status.COMPLETE and found.is_logged
    assert told["proved"] and told["verdict"] == name and is_about(told, lens.network)
    value = sign * greatest(lens, *domain, [sign * v for v in row])
    assert told["value"] == told["bound"] == str(value) and told["point"] == [str(v) for v in found.point]


def test_the_statement_is_told(hat, deep, tmp_path):
    told = answer(tmp_path, hat)
    assert told["says"].startswith("the greatest value of 1 y0 is 7/5, at (7/10, ")
    assert told["domain"] == "1 x0 <= 7/10; 1 x1 <= 1; -1 x0 <= 0; -1 x1 <= 0"
    assert answer(tmp_path, deep)["says"].startswith("the least value of 1 y0 is ")


def test_unions_and_polytopes(tmp_path):
    path = tmp_path / "run.proof"
    assert HAT.maximum([1], [Box([0, 0], [1, 1]), (["5", "0.1"], ["5", "0.1"])], proof=path).is_logged
    assert verify(path)["value"] == "59/10" and " | " in verify(path)["domain"]
    cell = DEEP.at([0.1, 0.2], SQUARE).polytope
    found = DEEP.maximum([1], cell, proof=path)
    assert verify(path)["value"] == str(found.value)


def test_a_bound_that_was_reached_is_proved(tmp_path, monkeypatch):
    from polytope_lens.properties import best_first

    lens, path = Lens(golden((2, 8, 8, 8), 1)), tmp_path / "run.proof"
    monkeypatch.setattr(listing, "FEW_REGIONS", 1)
    monkeypatch.setattr(listing, "few_open", lambda problem: 1)
    monkeypatch.setattr(best_first, "BATCHES", 1)
    monkeypatch.setattr(best_first, "batch_size", lambda problem: 1)
    calls = []
    whole = best_first._BestFirst.run
    monkeypatch.setattr(
        best_first._BestFirst,
        "run",
        lambda self, is_over, *rest: whole(self, lambda: len(calls) > 2 or calls.append(0), *rest),
    )
    found = lens.maximum([1], SQUARE, max_seconds=60, proof=path)
    told = verify(path)
    assert found.value < found.bound and found.is_logged and not found.is_complete
    assert (told["value"], told["bound"]) == (str(found.value), str(found.bound)) and "between" in told["says"]


def test_where_time_ends_there_is_no_log(tmp_path):
    found = DEEP.maximum([1], SQUARE, max_seconds=1e-9, proof=tmp_path / "run.proof")
    assert not found.is_logged and not found.is_complete and not list(tmp_path.iterdir())


def last(lines):
    return len(lines) - 1, lines[-1].split()


def changed(lines, **places):
    """The log with other numbers in the last line."""
    i, words = last(lines)
    for place, word in places.items():
        words[int(place[1:])] = word
    return with_line(lines, i, *words)


def test_forged_values_are_rejected(hat, deep, tmp_path):
    """The bound is that of the cases, so a smaller value is one that is not proved."""
    for lines in (hat, deep):
        for i in [i for i, line in enumerate(lines) if line.startswith("constraint <") and " y0 " in line]:
            words = lines[i].split()
            for less in ("100", "1"):
                forged = Fraction(*(int(v, 16) for v in [*words[2].split("/"), "1"][:2])) + Fraction(int(less), 1000)
                word = f"{forged.numerator:x}/{forged.denominator:x}"
                assert not answer(tmp_path, with_line(lines, i, *words[:2], word, *words[3:]))["proved"]
            not_strict = answer(tmp_path, with_line(lines, i, words[0], "<=", *words[2:]))
            assert not not_strict["proved"]


def test_a_looser_bound_is_told_as_one(hat, tmp_path):
    i = next(i for i, line in enumerate(hat) if " y0 " in line)
    told = answer(tmp_path, with_line(hat, i, *hat[i].replace("-7/5", "-3").split()))
    assert (
        told["proved"] and told["says"] == "the greatest value of 1 y0 is between 7/5 and 3; it is 7/5 at (7/10, 3/10)"
    )


def test_points_outside_and_nonsense_are_rejected(hat, tmp_path):
    for place, word in (
        ("_2", "b/a"),
        ("_2", "-1"),
        ("_3", "2"),
        ("_1", "1"),
        ("_1", "-1"),
        ("_3", "nan"),
        ("_3", "6/14"),
    ):
        assert not answer(tmp_path, changed(hat, **{place: word}))["proved"]
    i, words = last(hat)
    for line in (words[:-1], [*words, "0"], ["nearest", *words[1:]], ["greatest"], words[:2]):
        assert not answer(tmp_path, with_line(hat, i, *line))["proved"]
    assert not answer(tmp_path, [*hat, hat[-1]])["proved"]


def test_a_point_elsewhere_is_a_lower_value(hat, tmp_path):
    told = answer(tmp_path, changed(hat, _2="0", _3="0"))
    assert told["proved"] and (told["value"], told["bound"]) == ("0", "7/5")


def test_least_for_greatest_is_another_statement(hat, tmp_path):
    """That -y is at least -7/5 is true, too."""
    i, words = last(hat)
    told = answer(tmp_path, with_line(hat, i, "least", *words[1:]))
    assert told["proved"] and told["says"].startswith("the least value of -1 y0 is -7/5")


def test_without_its_tree_nothing_is_proved(hat, tmp_path):
    first = next(i for i, line in enumerate(hat) if line.startswith("cases"))
    assert not answer(tmp_path, [*hat[:first], hat[-1]])["proved"]
    for i in range(first, len(hat) - 1):
        assert not answer(tmp_path, [*hat[:i], *hat[i + 1 :]])["proved"] or not hat[i].startswith(
            ("close", "split", "halve")
        )


def test_properties_that_are_no_extrema_have_none(tmp_path):
    """Outputs in the domain, inputs in the bound, two bounds, or a bound that is not strict."""
    path = tmp_path / "run.proof"
    HAT.maximum([1], [CUT_OFF, (["0", "0"], ["0.1", "0.1"])], proof=path)
    lines = lines_of(path)
    goals = [i for i, line in enumerate(lines) if " y0 " in line]
    for changes in (
        {goals[1]: "constraint < -3 y0 -1"},  # the second one has a looser bound, which is as true
        {goals[1]: "constraint <= -3 y0 -1"},
        {goals[1]: "constraint < -3 x0 1/3e8 y0 -1"},
        {goals[1] - 1: "constraint <= 64 y0 1", goals[1] - 2: "constraint <= 0 x1 -1"},
    ):
        assert not answer(tmp_path, [changes.get(i, line) for i, line in enumerate(lines)])["proved"]


def test_each_output_is_bounded_in_all_of_the_domain(tmp_path):
    """A difference whose positive part is bounded in one box and whose negative part in another is no distance."""
    path, one = tmp_path / "run.proof", Lens.from_arrays([[[1, 0]]], [[0]])
    one.distance(Lens.from_arrays([[[0, 0]]], [[0]]), SQUARE, proof=path)
    lines = lines_of(path)
    second = max(i for i, line in enumerate(lines) if line.startswith("case "))
    smaller = [line.replace("constraint <= 1 x0 1", "constraint <= 0 x0 1") for line in lines[second:]]
    forged = [*lines[:second], *smaller]
    end = next(i for i, line in enumerate(forged) if line.startswith("cases"))
    cells = ["cases 0", "close 0 1 4 1", "cases 1", "close 1 1 4 1"]
    assert "some parts of the domain only" in answer(tmp_path, [*forged[:end], *cells, forged[-1]])["reason"]


# ------------------------------------------------------------------------------------------------- two networks


def scaled(network, factor):
    return Network(network.layers, network.output_weight * factor, network.output_bias)


PAIRS = {
    "other layers": (random_deep((2, 4), 0, 0.0), random_deep((2, 3, 3), 1, 0.0)),
    "fewer layers": (random_deep((2, 3, 3), 1, 0.0), random_deep((2, 4), 0, 0.0)),
    "leaky": (random_deep((2, 4), 0, 0.1), random_deep((2, 4), 1, 0.0)),
    "the same neurons": (DEEP.network, scaled(DEEP.network, 1.25)),
    "no neurons": (from_arrays([[[1, 2]]], [[1]]), from_arrays([[[2, 1]]], [[0]])),
    "some neurons": (
        from_arrays([[[1, 0], [0, 1], [1, 0]], [[1, 1, 1], [1, 0, 0]]], [[0, 0, 0], [0, 0]]),
        from_arrays([[[0, 1], [1, 1], [0, 1]], [[1, 1, 2], [0, 0, 1]]], [[-0.0, 0, 0], [1, 0]]),
    ),
}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    found = {}
    for name, (one, other) in PAIRS.items():
        path = tmp_path_factory.mktemp("proofs") / "run.proof"
        answered = Lens(one).distance(other, SQUARE, exact=True, proof=path)
        found[name] = answered, lines_of(path)
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_largest_differences_are_proved(name, pairs, tmp_path):
    (found, lines), (one, other) = pairs[name], PAIRS[name]
    told = answer(tmp_path, lines)
    assert found.is_logged and told["proved"] and told["value"] == told["bound"] == str(found.sup)
    assert found.sup == Lens(one).distance(other, SQUARE, exact=True).sup
    assert is_about(told, one, other) and not is_about(told, other, one) and not is_about(told, one)
    assert told["widths"] == list(one.widths) and told["less"] == list(other.widths)


@pytest.mark.parametrize("name", ["other layers", "fewer layers", "some neurons"])
def test_another_network_behind_less_is_another_statement(name, pairs, tmp_path):
    """Forged second networks, each with the old tree: rejected, or true of what the log names."""
    lines = pairs[name][1]
    start, n_rejected = lines.index("less"), 0
    stop = next(i for i, line in enumerate(lines) if line.startswith("property"))
    assert not answer(tmp_path, [*lines[:start], *lines[stop:]])["proved"]
    assert not answer(tmp_path, [*lines[:stop], *lines[start:]])["proved"]
    for i in range(start + 2, stop):
        words = lines[i].split()
        if words[0] not in ("neuron", "output"):
            continue
        k = len(words) - 1
        forged = with_line(lines, i, *words[:k], (float.fromhex(words[k]) + 3.0).hex())
        told = answer(tmp_path, forged)
        n_rejected += not told["proved"]
        if told["proved"]:
            assert not is_about(told, *PAIRS[name])
    assert n_rejected > 1


def test_networks_that_do_not_fit_are_rejected(pairs, tmp_path):
    lines = pairs["no neurons"][1]
    start = lines.index("less")
    zero, one = (0.0).hex(), (1.0).hex()
    for other in (
        ["inputs 3", "outputs 1", f"output {one} {one} {one} {zero}"],
        ["inputs 2", "outputs 2", f"output {one} {one} {zero}", f"output {one} {one} {zero}"],
        ["inputs 2", "outputs 0"],
        ["inputs 2"],
    ):
        assert not answer(tmp_path, [*lines[: start + 1], *other, *lines[start + 4 :]])["proved"]


def test_equality_is_proved_or_refuted(tmp_path):
    path = tmp_path / "run.proof"
    one = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    same = Lens.from_arrays([[[0, 4], [2, 0]], [[0.25, 0.5]]], [[0, 0], [0]])
    other = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0.25]])
    for second, verdict in ((same, Verdict.HOLDS), (other, Verdict.VIOLATED)):
        assert one.is_equal(second, SQUARE, proof=path).verdict is verdict
        told = verify(path)
        assert told["proved"] and told["verdict"] == verdict.name and is_about(told, one.network, second.network)
    assert one.is_equal(other, SQUARE, within="0.25", proof=path).verdict is Verdict.HOLDS
    assert verify(path)["proved"]


def test_rescaled_neurons_take_a_line_each(tmp_path):
    """With the signs of all neurons in its tree, the log of 6 took 44 seconds and that of 12 was not done in 60."""
    rng, path = np.random.default_rng(0), tmp_path / "run.proof"
    W = [rng.standard_normal(shape) for shape in ((12, 3), (12, 12), (2, 12))]
    factors = [2.0 ** rng.integers(-5, 6, 12) for _ in range(2)]
    other = [W[0] * factors[0][:, None], W[1] / factors[0] * factors[1][:, None], W[2] / factors[1]]
    nothing = [np.zeros(12), np.zeros(12), np.zeros(2)]
    first, second = Lens.from_arrays(W, nothing), Lens.from_arrays(other, nothing)
    assert first.is_equal(second, Box([-1] * 3, [1] * 3), proof=path).verdict is Verdict.HOLDS
    told, lines = verify(path), lines_of(path)
    assert told["proved"] and is_about(told, first.network, second.network)
    assert len(lines) < 2 * (2 * 12 + 2) + 100 and not any(line.startswith("split") for line in lines)
    start, n_rejected = lines.index("less"), 0
    for i in [i for i, line in enumerate(lines) if i > start and line.startswith("neuron")][::3]:
        words = lines[i].split()
        for k in (4, len(words) - 1):
            forged = with_line(lines, i, *words[:k], (float.fromhex(words[k]) * 2 + 2.0**-40).hex(), *words[k + 1 :])
            n_rejected += not answer(tmp_path, forged)["proved"]
    assert n_rejected == 16


def halved(network):
    """A copy in half precision, with neurons of the first layer exchanged and one weight far off."""
    W = [np.asarray(layer.weight).astype(np.float16).astype(float) for layer in network.layers]
    order = np.random.default_rng(0).permutation(len(W[0]))
    W[0], W[1] = W[0][order] * 2, W[1][:, order] / 2
    W[1][0, 0] += 3.0
    return from_arrays(
        [*W, network.output_weight], [network.layers[0].bias[order] * 2, network.layers[1].bias, [0.125]]
    )


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """The largest difference of a network and such a copy, by twins, and then without them."""
    first = random_deep((3, 8, 8), 3, 0.0)
    second, path = halved(first), tmp_path_factory.mktemp("proofs") / "run.proof"
    found = Lens(first).distance(second, Box([-1] * 3, [1] * 3), exact=True, proof=path)
    return first, second, found, lines_of(path)


def test_twins_prove_the_largest_difference(twins, tmp_path):
    first, second, found, lines = twins
    told = answer(tmp_path, lines)
    assert found.is_logged and told["proved"] and told["value"] == told["bound"] == str(found.sup)
    assert is_about(told, first, second)
    assert sum(line.startswith("twin ") for line in lines) > 12 and "apart" in lines


def test_logs_of_small_differences_are_short(tmp_path):
    """Without twins it was not done in 40 seconds: lines around activations are as far apart as ever."""
    first, path = random_deep((4, 10, 10, 2), 1, 0.0), tmp_path / "run.proof"
    W = [np.asarray(layer.weight).astype(np.float16).astype(float) for layer in first.layers]
    second = from_arrays([*W, first.output_weight], [*(layer.bias for layer in first.layers), first.output_bias])
    found = Lens(first).distance(second, Box([-1] * 4, [1] * 4), exact=True, proof=path)
    told = verify(path)
    assert told["proved"] and told["value"] == told["bound"] == str(found.sup)
    assert len(lines_of(path)) < 6000


def test_forged_twins_are_rejected(twins, tmp_path):
    """Other twins, or what is no difference of twins: none of the bounds behind them holds."""
    lines = twins[3]
    named = [i for i, line in enumerate(lines) if line.startswith("twin ")]
    for i in named[::3]:
        _, at, j, k, e = lines[i].split()
        other = str((int(k) + 1) % 8)
        for words in ([at, j, other, e], [at, j, j, e], [at, k, j, e], [at, "99", k, e], [at, j, "99", e],
                      [at, j, k, "40"], [at, j, k, "-40"], [at, j, k], ["9", j, k, e], [at, j, k, e, "0"]):  # fmt: skip
            assert not answer(tmp_path, with_line(lines, i, "twin", *words))["proved"]
        assert not answer(tmp_path, [*lines[: i + 1], *lines[i:]])["proved"]  # twice
    assert not answer(tmp_path, [line for line in lines if not line.startswith("twin ")])["proved"]


def test_a_difference_has_no_sign_to_split_by_and_apart_is_forgotten(twins, tmp_path):
    lines = twins[3]
    _, at, j, *_ = next(line for line in lines if line.startswith("twin ")).split()
    i = next(i for i, line in enumerate(lines) if line.startswith("split "))
    assert not answer(tmp_path, with_line(lines, i, "split", at, j))["proved"]
    for i in [i for i, line in enumerate(lines) if line == "apart"][:5]:
        assert not answer(tmp_path, [*lines[:i], *lines[i + 1 :]])["proved"]
    # Said where it is not needed, it takes what is known of differences, and nothing else.
    i = next(i for i, line in enumerate(lines) if line.startswith("cases "))
    assert not answer(tmp_path, [*lines[: i + 1], "apart", *lines[i + 1 :]])["proved"]


@pytest.mark.parametrize("slope", [0.0, 0.25, -1.0, 1.5, -0.5])
def test_twins_of_all_slopes(slope, tmp_path):
    """Networks of few bits, nearly the same: the log says what enumerating both does."""
    rng = np.random.default_rng(4)
    W = [np.round(rng.normal(size=shape) * 64) / 64 for shape in ((4, 2), (4, 4), (2, 4))]
    near = [w + 2.0**-9 * rng.integers(-2, 3, w.shape) for w in W]
    b = [np.round(rng.normal(size=len(w)) * 8) / 64 for w in W]
    first, second = (Lens.from_arrays(some, b, negative_slope=slope) for some in (W, near))
    assert first.distance(second, SQUARE, proof=tmp_path / "run.proof").is_logged
    lines = lines_of(tmp_path / "run.proof")
    told = answer(tmp_path, lines)
    assert told["proved"] and any(line.startswith("twin ") for line in lines)
    assert told["value"] == told["bound"] == str(first.distance(second, SQUARE, exact=True).sup)


@pytest.mark.parametrize("seed", [0, 2, 3, 4, 5, 7])
def test_random_pairs(seed, tmp_path):
    """Networks that share some of their neurons, in layers of small integers; the checker puts them together itself."""
    rng = np.random.default_rng([seed, 9])
    d = int(rng.integers(1, 3))
    lens = random_network(rng, d, 2)
    layers = [
        Layer(
            np.where(rng.random((layer.width, 1)) < 0.3, rng.integers(-1, 2, layer.weight.shape), layer.weight),
            layer.bias, layer.negative_slope, layer.positive_slope, layer.cuts,
        )
        for layer in lens.network.layers
    ]  # fmt: skip
    if seed % 3 == 0:
        layers = layers[1:] if layers[0].weight.shape[0] == d else layers
    other = Network(tuple(layers), lens.network.output_weight, lens.network.output_bias + 1)
    box = Box([-1] * d, [1] * d)
    found = lens.distance(other, box, exact=True, proof=tmp_path / "run.proof")
    told = verify(tmp_path / "run.proof")
    assert told["proved"] and told["value"] == str(found.sup) and is_about(told, lens.network, other)
    point = [Fraction(v) for v in told["point"]]
    gaps = [abs(a - b) for a, b in zip(*(exact_outputs(n, point) for n in (lens.network, other)), strict=True)]
    assert max(gaps) == found.sup
