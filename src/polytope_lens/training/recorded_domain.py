"""Where to look at a recording: what somebody says, or the square of a target image, or the box of the samples.

Nothing else is guessed: a recording without any of these asks for a domain as soon as one is needed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.domain import Box
from polytope_lens.errors import DomainError

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.training.recording import Recording
    from polytope_lens.training.samples import Samples

SQUARE = Box([-1.0, -1.0], [1.0, 1.0])
"""What target images cover."""
MARGIN = 0.1
"""On each side of the samples, as a share of their extent; then bounds are rounded outward to its second digit."""


def usual_domain(domain: Box | None, samples: Samples | None, target: Any | None) -> Box | None:
    """The domain that was said, or else the one of the target or of the samples; None where there is nothing to go by.

    Raises
    ------
    DomainError
        One that is no box.

    Examples
    --------
    >>> from polytope_lens.training import Samples
    >>> usual_domain(None, Samples([[0.0, 10.0], [1.0, 20.0]], [0.5, 0.25]), None)
    Box([-0.1, 9.0], [1.1, 21.0])
    """
    if domain is not None:
        return check_box(domain)
    if target is not None:
        return SQUARE
    return None if samples is None else box_around(samples)


def box_around(samples: Samples) -> Box | None:
    """A box that holds all samples with a margin, in round numbers; None if there are none."""
    points = np.concatenate([samples.train_points, samples.validation_points])
    if not points.size:
        return None
    lower, upper = points.min(axis=0), points.max(axis=0)
    extent = np.where(upper > lower, upper - lower, np.maximum(np.abs(upper), 1))
    units = np.array([float(f"1e{n:.0f}") for n in np.floor(np.log10(extent)) - 1])
    room = MARGIN * extent
    return Box(_multiples(np.floor((lower - room) / units), units), _multiples(np.ceil((upper + room) / units), units))


def _multiples(numbers: Floats, units: Floats) -> list[float]:
    """Powers of ten, times whole numbers, as the nearest floats: 0.3 and not 3 times the float 0.1."""
    return [float(f"{n:.0f}e{round(np.log10(unit))}") for n, unit in zip(numbers.tolist(), units.tolist(), strict=True)]


def n_outside(domain: Box, samples: Samples) -> int:
    """How many samples lie outside of a domain of as many coordinates."""
    points = np.concatenate([samples.train_points, samples.validation_points])
    if points.shape[1] != len(domain.lower):
        return 0  # said where the networks are known
    return int((~domain.contains(points)).sum()) if len(points) else 0


def in_domain(recording: Recording, domain: Box | None) -> Recording:
    """The same recording, looked at in this box, or in its own one.

    Raises
    ------
    DomainError
        Neither is there.
    """
    if domain is not None:
        recording = replace(recording, domain=check_box(domain))
    if recording.domain is None:
        raise DomainError(
            "where should the regions of this recording be looked for? Say `domain=Box([-1, -1], [1, 1])`, or record "
            "with `samples=Samples(X, y)`, whose box is taken then."
        )
    return recording


def check_box(domain: Box) -> Box:
    """Return `domain` if recordings can have it.

    Raises
    ------
    DomainError
    """
    if not isinstance(domain, Box):
        raise DomainError(f"a recording needs a Box as domain, but received {type(domain).__name__}.")
    return domain
