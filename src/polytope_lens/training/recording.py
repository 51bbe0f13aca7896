"""The weights that a model had at chosen steps of its training, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from polytope_lens.domain import Box
from polytope_lens.errors import DimensionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from polytope_lens.network import Network
    from polytope_lens.training.sampling import Samples

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

SQUARE = Box([-1.0, -1.0], [1.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A model at chosen steps of its training, and what it was trained on.

    Parameters
    ----------
    steps : (n,) int array
        Number of updates made before each of the moments kept; strictly increasing.
    networks : tuple of n Networks or None
        The model then, in canonical form and without rounding; None where a weight was not finite: the training had
        diverged.
    domain : Box
        Where to look; by default [-1, 1]^2, the square that target images cover.
    samples : Samples or None
        Training and validation points.
    target : (size, size) array or None
        The image to be learnt: of floats from 0 to 1, or of integers, one number for each category.
    """

    steps: Ints
    networks: tuple[Network | None, ...]
    domain: Box = field(default=SQUARE)
    samples: Samples | None = None
    target: NDArray[np.float64] | Ints | None = None

    def __post_init__(self) -> None:
        steps = np.array(self.steps, dtype=np.int64)
        if steps.shape != (len(self.networks),) or (np.diff(steps) <= 0).any():
            raise DimensionError(
                f"a recording needs one step for each of its {len(self.networks)} networks, in increasing order, but "
                f"received {steps.tolist()[:20]}."
            )
        steps.flags.writeable = False
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "networks", tuple(self.networks))

    def __len__(self) -> int:
        return len(self.networks)

    def __iter__(self) -> Iterator[tuple[int, Network | None]]:
        """Pairs of step and network."""
        return zip(self.steps.tolist(), self.networks, strict=True)
