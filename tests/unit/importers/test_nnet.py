"""Networks in .nnet files."""

from __future__ import annotations

import gzip
import itertools

import numpy as np
import pytest

from polytope_lens import Lens
from polytope_lens.errors import FileFormatError, InvalidNetworkError, OptionError, PolytopeLensError

RNG = np.random.default_rng(0)
SIZES = [3, 4, 5, 2]
LAYERS = [(RNG.standard_normal((n, m)).round(6), RNG.standard_normal(n).round(6)) for m, n in itertools.pairwise(SIZES)]


def text(means="0,0,0,0,", ranges="1,1,1,1,"):
    lines = [
        "// a comment",
        "// another",
        "3,3,2,5,",
        ",".join(map(str, SIZES)) + ",",
        "0,",
        "-1,-1,-1,",
        "1,1,1,",
        means,
        ranges,
    ]
    for weight, bias in LAYERS:
        lines += [",".join(map(repr, map(float, row))) + "," for row in weight] + [f"{float(b)!r}," for b in bias]
    return "\n".join(lines) + "\n"


def answer(X):
    for weight, bias in LAYERS[:-1]:
        X = np.maximum(X @ weight.T + bias, 0)
    return X @ LAYERS[-1][0].T + LAYERS[-1][1]


@pytest.mark.parametrize("name", ["network.nnet", "network.nnet.gz"])
def test_the_network_is_that_of_the_weights(tmp_path, name):
    data = text().encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    lens = Lens(tmp_path / name)
    assert lens.network.widths == (4, 5)
    assert np.array_equal(lens.network.layers[0].weight, LAYERS[0][0])
    X = RNG.standard_normal((10, 3))
    np.testing.assert_allclose(lens(X), answer(X), rtol=1e-12, atol=1e-12)
    assert "means" not in repr(lens)


@pytest.mark.parametrize("changed", [{"means": "0,0,1,0,"}, {"ranges": "1,1,1,2,"}])
def test_normalisation_is_told_and_not_applied(tmp_path, changed):
    (tmp_path / "network.nnet").write_text(text(**changed))
    lens = Lens(tmp_path / "network.nnet")
    assert "means and ranges, of which nothing is applied" in repr(lens)
    assert np.array_equal(lens(np.zeros(3)), answer(np.zeros((1, 3)))[0])


def test_damaged_files_are_refused_or_read(tmp_path):
    path = tmp_path / "network.nnet"
    lines = text().splitlines()
    for n in range(len(lines)):
        for broken in (lines[:n], [*lines[:n], lines[n] + "7,", *lines[n + 1 :]], [*lines[:n], "x", *lines[n + 1 :]]):
            path.write_text("\n".join(broken))
            try:
                Lens(path)
            except PolytopeLensError as error:
                assert "network.nnet" in str(error)  # noqa: PT017
            else:
                assert n in (0, 1, 4) or broken[n].startswith("//")
    for data, kind, reason in (
        (text() + "1,\n", FileFormatError, "1 lines follow the last bias"),
        (text().replace(repr(float(LAYERS[0][1][0])), "nan"), InvalidNetworkError, "should be finite"),
        ("\xff\xfe", FileFormatError, "not plain text"),
    ):
        path.write_bytes(data.encode("latin-1"))
        with pytest.raises(kind, match=reason):
            Lens(path)
    path.write_text(text())
    with pytest.raises(OptionError, match="`input_shape` has no use"):
        Lens(path, 3)


@pytest.mark.parametrize("head", ["1e9,3,2,5,", "-1,3,2,5,", "3,2.5,2,5,", "1,1e8,1e8,1,", "nan,1,1,1", "3,3,2"])
def test_sizes_that_only_claim_to_be_large_are_refused(tmp_path, head):
    path = tmp_path / "network.nnet"
    rest = text().splitlines()[3:]
    path.write_text("\n".join([head, "100000000,100000000," if "e8" in head else rest[0], *rest[1:]]))
    with pytest.raises(PolytopeLensError):
        Lens(path)
