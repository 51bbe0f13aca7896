"""What can go wrong, and how an answer may be incomplete.

Every error a user can cause derives from `PolytopeLensError` and says in one sentence what was asked, what was
expected, what arrived and what to do. A fair question that ran out of budget gets a `Status` instead.
"""

from __future__ import annotations

import enum
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


class PolytopeLensError(Exception):
    """Base of all errors that this library raises on purpose.

    Messages quote names from files, which may hold anything: they are one line, without control characters.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(_one_line(arg) if isinstance(arg, str) else arg for arg in args))


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    spaced = " ".join(text.split())
    return spaced if spaced.isprintable() else "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in spaced)


class InvalidNetworkError(PolytopeLensError, ValueError):
    """The weights do not describe a network: wrong shapes, no layers, NaN or infinite entries."""


class DimensionError(PolytopeLensError, ValueError):
    """An array has the wrong shape for the question."""


class DomainError(PolytopeLensError, ValueError):
    """The domain is empty, flat, or otherwise not a full-dimensional polytope."""


class OutsideDomainError(PolytopeLensError, ValueError):
    """A point lies outside the domain of the partition."""


class PartialPartitionError(PolytopeLensError, ValueError):
    """The question needs every region of a domain, and the partition does not list them all."""


class UnboundedPolytopeError(PolytopeLensError, ValueError):
    """The question needs a bounded polytope."""


class IntractableError(PolytopeLensError, RuntimeError):
    """The exact answer would take too long; the message says what can be asked instead."""


class UnsupportedLayerError(PolytopeLensError, TypeError):
    """A module is not piecewise affine, or not one that this release reads."""


class FileFormatError(PolytopeLensError, ValueError):
    """A file does not hold what was expected of it."""


class MissingFileError(PolytopeLensError, FileNotFoundError):
    """There is no such file, or no folder to write it in."""


class FileAccessError(PolytopeLensError, OSError):
    """The system does not let a file be read or written: no permission, no room, a folder of that name."""


class OptionError(PolytopeLensError, ValueError):
    """An option is not one of its allowed values."""


class IndexingError(PolytopeLensError, IndexError):
    """There is nothing at that index, or it is none."""


class MissingExtraError(PolytopeLensError, ImportError):
    """An optional dependency is not installed."""


class FilmError(PolytopeLensError, RuntimeError):
    """A film could not be encoded; the message says where its frames are."""


class RunError(PolytopeLensError, RuntimeError):
    """What a run is spread over broke down; the message says what is kept and how to go on."""


class ConsistencyError(PolytopeLensError, RuntimeError):
    """Two roads to one answer disagree: a defect of this library, never of the input. Please report it."""


class LongRunWarning(UserWarning):
    """A run will take more than a day, or more memory than there is, and goes on.

    ``warnings.simplefilter("error", LongRunWarning)`` ends such runs instead.
    """


# What a ConsistencyError about a network on a domain ends with.
REPORT = "This is a defect of polytope_lens: please report the network and the domain."


class Status(enum.Enum):
    """How complete an enumeration is, with what to do about it."""

    COMPLETE = "every region of the domain is here"
    BUDGET_REACHED = (
        "The regions found are correct but not all of them. Raise `max_regions` or choose a smaller `domain`."
    )
    FLIPS_REACHED = (
        "Every region within `max_flips` crossings of the first one is here, and no other. Raise `max_flips` for more."
    )
    RADIUS_REACHED = (
        "Every region that meets the open ball of that radius is here, but not all others. Raise `radius` for more."
    )
    PREIMAGE = "Every part of the domain whose outputs lie in the target is here, and no other."
    UNFINISHED = (
        "The regions found are correct but not all of them. Go on with the same call and `resume=True`, or wait for "
        "whoever is at it."
    )
    INTERRUPTED = (
        "The regions found are correct but not all of them. Search again, and wait for the end or set a limit."
    )

    def __repr__(self) -> str:
        return f"Status.{self.name}"


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional dependency, or say which extra brings it.

    Raises
    ------
    MissingExtraError
        Names the ``pip install`` line.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f'{purpose} needs {module}, which is not installed. Install it with: pip install "polytope-lens[{extra}]"'
        ) from error
