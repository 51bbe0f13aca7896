"""The weights that a model had at chosen steps of its training, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._docstrings import documented_by
from polytope_lens.errors import DimensionError
from polytope_lens.network import subspace as flats
from polytope_lens.network.network import Network
from polytope_lens.training import recording_archive, recording_page
from polytope_lens.training.events import Events, events
from polytope_lens.training.films.film import film
from polytope_lens.training.measures import Measures, measure
from polytope_lens.training.recorded_domain import usual_domain
from polytope_lens.training.samples import Samples, check_samples
from polytope_lens.training.target_image import check_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from typing import Unpack

    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Ints
    from polytope_lens.domain import Box
    from polytope_lens.render.explorer.explorer import Explorer
    from polytope_lens.training.events import EventOptions
    from polytope_lens.training.films.film import FilmOptions
    from polytope_lens.training.measures import MeasureOptions


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
    domain : Box or None
        Where to look: by default [-1, 1]^2 with a target, which is the square that it covers; else a box that holds the
        samples with a margin. None without either: then the domain is asked for where one is needed.
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
    domain: Box | None = None
    samples: Samples | None = None
    target: NDArray[np.float64] | Ints | None = None

    def __post_init__(self) -> None:
        networks = validate.sequence(self.networks, name="the networks of a recording")
        for network in networks:
            if network is not None:
                validate.instance(network, Network, name="a network of a recording, where it is finite,")
        given = validate.float_array(self.steps, name="the steps of a recording", ndim=1)
        steps = given.astype(np.int64)
        if (steps != given).any() or len(steps) != len(networks) or (np.diff(steps) <= 0).any():
            raise DimensionError(
                f"a recording needs one step for each of its {len(networks)} networks, whole numbers in increasing "
                f"order, but received {given.tolist()[:20]}."
            )
        check_samples(self.samples)
        steps.flags.writeable = False
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "networks", networks)
        if self.target is not None:
            object.__setattr__(self, "target", check_image(self.target))
        object.__setattr__(self, "domain", usual_domain(self.domain, self.samples, self.target))

    def __len__(self) -> int:
        return len(self.networks)

    def __iter__(self) -> Iterator[tuple[int, Network | None]]:
        """Pairs of step and network."""
        return zip(self.steps.tolist(), self.networks, strict=True)

    def __repr__(self) -> str:
        last = f" from {self.steps[0]} to {self.steps[-1]}" if len(self) else ""
        n_diverged = self.networks.count(None)
        where = "" if self.domain is None else f" on {self.domain!r}"
        return f"Recording({len(self)} steps{last}{where}{f', {n_diverged} of them diverged' if n_diverged else ''})"

    @documented_by(recording_archive.save)
    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to one file, from which `load` makes an equal recording."""
        recording_archive.save(self, path)

    @classmethod
    @documented_by(recording_archive.load)
    def load(cls, path: str | PathLike[str]) -> Recording:
        """Read what `save` wrote.

        Returns
        -------
        Recording
        """
        return cls(**recording_archive.load(path))

    @documented_by(film)
    def film(self, path: str | PathLike[str], **options: Unpack[FilmOptions]) -> None:
        """Write a film, one frame for each step kept."""
        film(self, path, **options)

    @documented_by(measure)
    def measure(self, **options: Unpack[MeasureOptions]) -> Measures:
        """Losses, true error and numbers of regions at every step."""
        return measure(self, **options)

    @documented_by(recording_page.explorer)
    def explorer(
        self,
        path: str | PathLike[str] | None = None,
        color: recording_page.PageColor = "value",
        *,
        boundaries: bool = True,
        output: int = 0,
        domain: Box | None = None,
        workers: int = 2,
        progress: bool = True,
    ) -> Explorer:
        return recording_page.explorer(
            self, path, color, boundaries=boundaries, output=output, domain=domain, workers=workers, progress=progress
        )

    def slice(self, *points: ArrayLike, domain: Box | None = None) -> Recording:
        """The recording on the flat through some points: of three, a plane, whose films there are for any model.

        Parameters
        ----------
        *points : k + 1 arrays of shape (d,)
            As for `Lens.slice`: on the flat, the first has the coordinates (0, ..., 0), the second (1, 0, ..., 0), ...
        domain : Box, optional
            Where to look, in these coordinates.

        Returns
        -------
        Recording
            Of networks with k inputs, without samples and target, which do not lie there.

        Raises
        ------
        DomainError, DimensionError

        Notes
        -----
        Exact: neither weights nor points are multiplied. The flat's maps are the first two layers, which cut nothing.

        Examples
        --------
        >>> from polytope_lens import Box
        >>> from polytope_lens.network.network import from_arrays
        >>> model = from_arrays([[[1, 0, 0], [0, 1, 1]], [[1, 1]]], [[0, 0], [0]])
        >>> plane = Recording([0], (model,)).slice([0, 0, 0], [1, 0, 0], [0, 1, 2], domain=Box([-1, -1], [1, 1]))
        >>> plane.measure(progress=False).counts
        array([[1, 1, 4]])
        """
        dims = [network.input_dim for network in self.networks if network is not None]
        flat = flats.through_points(points, dims[0]) if dims else None
        networks = (n if n is None or flat is None else flats.restrict(n, flat) for n in self.networks)
        return Recording(self.steps, tuple(networks), domain)

    @documented_by(events)
    def events(self, **options: Unpack[EventOptions]) -> Events:
        """Which regions persist, split, merge, are born and die between consecutive steps."""
        return events(self, **options)
