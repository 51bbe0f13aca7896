"""Distances to the decision boundary: how many regions and seconds they take.

    python benchmarks/robustness.py [--points 20] [--max-regions 5000] [name ...]

The digits networks (64-32-32-10, scikit-learn's 8 x 8 images, pixels from 0 to 1; and 784-64-64-10, the same images
enlarged to 28 x 28) are trained here with a fixed seed by scikit-learn; distances are those of the first images that
they were not trained on. The others have random weights. In the smaller planar one each distance is asserted to be that
of a program in rational arithmetic in each region of a partition. Medians are over points; "done" counts those whose
distance was found within `--max-regions` regions and sets of regions, "gap" is the median of upper / lower bound among
the others. Seconds are those of the processor. Compiled code is loaded first.
"""

from __future__ import annotations

import argparse
import statistics
import time
from fractions import Fraction

import numpy as np
from flint import fmpq

from polytope_lens import Lens
from polytope_lens.arithmetic.rational import dot, fraction, integer_matrix, rationals
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.lp.rational_nearest import exact_nearest
from polytope_lens.lp.rational_simplex import Halfspace

NORMS = {"2": 2, "inf": np.inf, "1": 1}


def digits(width=32, side=8):
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    X, y = load_digits(return_X_y=True)
    if side != 8:
        X = np.array([zoom(image.reshape(8, 8), side / 8, order=1).clip(0, 16).ravel() for image in X])
    train, test, labels, _ = train_test_split(X / 16, y, test_size=0.25, random_state=0)
    model = MLPClassifier((width, width), max_iter=200, random_state=0, alpha=1e-3).fit(train, labels)
    return Lens.from_arrays([w.T for w in model.coefs_], model.intercepts_), test


def random_net(sizes, seed, n):
    rng = np.random.default_rng([*sizes, seed])
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [rng.standard_normal(pair) * (2 / pair[1]) ** 0.5 for pair in pairs]
    return Lens.from_arrays(weights, [0.3 * rng.standard_normal(len(w)) for w in weights]), rng.random((n, sizes[0]))


CASES = {
    "digits_32x2": digits,
    "digits784_64x2": lambda: digits(64, 28),
    "planar_8x2": lambda: random_net((2, 8, 8, 3), 0, 20),
    "planar_16x2": lambda: random_net((2, 16, 16, 4), 0, 20),
    "d4_12x2": lambda: random_net((4, 12, 12, 4), 0, 20),
    "r784_64x2": lambda: random_net((784, 64, 64, 10), 0, 5),
}
ASSERTED = {"planar_8x2"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--max-regions", type=int, default=5000)
    arguments = parser.parse_args()
    print(
        f"{'network':<14}{'norm':>5}{'points':>8}{'done':>6}{'regions':>9}{'s':>8}{'ms/region':>11}{'radius':>9}{'gap':>7}"
    )
    for name in arguments.names or CASES:
        lens, points = CASES[name]()
        for label, norm in NORMS.items():
            lens.robustness_radius(points[0], norm=norm, max_regions=2)
            found, seconds = [], []
            for x in points[: arguments.points]:
                start = time.process_time()
                found.append(lens.robustness_radius(x, norm=norm, max_regions=arguments.max_regions))
                seconds.append(time.process_time() - start)
                if name in ASSERTED:
                    assert_equal(lens, x, norm)
            regions = [answer.n_regions for answer in found]
            done = [answer for answer in found if answer.is_complete]
            gaps = [answer.upper / max(answer.lower, 1e-300) for answer in found if not answer.is_complete]
            radius = statistics.median([answer.radius for answer in done]) if done else float("nan")
            print(
                f"{name:<14}{label:>5}{len(found):>8}{len(done):>6}{statistics.median(regions):>9.0f}"
                f"{statistics.median(seconds):>8.2f}{1e3 * sum(seconds) / sum(regions):>11.2f}{radius:>9.3g}"
                f"{statistics.median(gaps) if gaps else 1:>7.3g}",
                flush=True,
            )


def assert_equal(lens, x, norm):
    """The distance in fractions is the least one over all regions and rivals of a partition."""
    network, start = lens.network, rationals(x)
    source = ExactRows(network, integer_matrix(np.eye(network.input_dim + 1)))
    leader = int(lens(x).argmax())
    powers = []
    for bits in lens.partition().patterns():
        outputs = source.rows(len(network.layers), bits)
        for rival in set(range(network.output_dim)) - {leader}:
            margin = [a - b for a, b in zip(outputs[leader], outputs[rival], strict=True)]
            rows = [*cell_rows(network, source, bits), margin]
            around = [Halfspace([fmpq(v) for v in row[:-1]], -dot(row[:-1], start) - row[-1]) for row in rows]
            found = exact_nearest(around, len(start), norm)
            if found is not None:
                powers.append(fraction(found.power))
    assert lens.robustness_radius(x, norm=norm, exact=True).exact == min(powers, default=Fraction(0))


if __name__ == "__main__":
    main()
