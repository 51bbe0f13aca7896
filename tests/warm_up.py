"""Compile the kernels that most tests share, so that test processes which start at once do not all compile them."""

from __future__ import annotations

import numpy as np

from families import golden
from polytope_lens import Box, Lens
from polytope_lens.testing import assert_points_located, sample_points


def warm_up() -> None:
    """Ask the questions that most tests ask, of a small network in each number of inputs."""
    for d in (1, 2, 3, 4):
        lens, box, x = Lens(golden((d, 3, 3, 1), 1)), Box([-1] * d, [1] * d), np.full(d, 0.25)
        for engine in ("auto", "split"):
            for domain in (box, None):
                found = lens.partition(domain, engine, progress=False)
                found.adjacency(), found.chebyshev_balls(), lens.count(domain, engine, progress=False)
        found = lens.partition(box, progress=False)
        assert_points_located(found, sample_points(found, 10))
        found.linear_pieces()
        if d < 4:
            found.volumes()
        found[0].volume()
        region = lens.at(x)
        region.inequalities(), region.neighbors(), region.chebyshev_ball()
        lens.explore(x, max_regions=5, progress=False)
        lens.path(np.zeros(d), np.ones(d))


if __name__ == "__main__":
    warm_up()
