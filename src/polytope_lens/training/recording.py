"""The weights that a model had at chosen steps of its training, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.domain import Box
from polytope_lens.errors import DimensionError, DomainError
from polytope_lens.training import archive
from polytope_lens.training.target_image import check_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from typing import Any

    from numpy.typing import NDArray

    from polytope_lens._types import Ints
    from polytope_lens.network.network import Network
    from polytope_lens.training.events import Events
    from polytope_lens.training.samples import Samples


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

    Raises
    ------
    DimensionError
        Steps that do not increase, or are not as many as networks; a target that is no square of pixels.
    DomainError
        A domain that is no box.
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
        if not isinstance(self.domain, Box):
            raise DomainError(f"a recording needs a Box as domain, but received {type(self.domain).__name__}.")
        steps.flags.writeable = False
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "networks", tuple(self.networks))
        if self.target is not None:
            object.__setattr__(self, "target", check_image(self.target))

    def __len__(self) -> int:
        return len(self.networks)

    def __iter__(self) -> Iterator[tuple[int, Network | None]]:
        """Pairs of step and network."""
        return zip(self.steps.tolist(), self.networks, strict=True)

    def __repr__(self) -> str:
        last = f" from {self.steps[0]} to {self.steps[-1]}" if len(self) else ""
        n_diverged = self.networks.count(None)
        return f"Recording({len(self)} steps{last}{f', {n_diverged} of them diverged' if n_diverged else ''})"

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to one file; see :func:`polytope_lens.training.archive.save`."""
        archive.save(self, path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Recording:
        """Read what `save` wrote; see :func:`polytope_lens.training.archive.load`."""
        return cls(**archive.load(path))

    def film(self, path: str | PathLike[str], **options: Any) -> None:
        """Write a film, one frame for each step; options as of :func:`polytope_lens.training.films.film.film`."""
        from polytope_lens.training.films.film import film

        film(self, path, **options)

    def events(self, **options: Any) -> Events:
        """Which regions are born, split, merge or die; see :func:`polytope_lens.training.events.events`."""
        from polytope_lens.training.events import events

        return events(self, **options)
