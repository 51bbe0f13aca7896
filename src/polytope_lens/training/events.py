"""What becomes of the regions from one recorded step to the next: which persist, split, merge, are born and die."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypedDict

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._progress import bar
from polytope_lens.comparison.overlay import majorities, overlay
from polytope_lens.displays.cards import steps_card
from polytope_lens.engines import enumerate as engines
from polytope_lens.errors import DimensionError
from polytope_lens.io.text_table import MOST_ROWS, text_table
from polytope_lens.training.recorded_domain import in_domain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from polytope_lens._types import Ints
    from polytope_lens.comparison.overlay import Overlay
    from polytope_lens.domain import Box, Domain
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition
    from polytope_lens.training.recording import Recording


UNITS = ("updates", "records")
HEAD = ("steps", "regions", "persist", "by pattern", "by overlap", "born", "split", "merged", "died", "kept")
"""Of the table of events."""
KINDS = ("persisting", "by_pattern", "by_overlap", "born", "split", "merged", "died")


@dataclass(frozen=True, slots=True, eq=False)
class Transition:
    """What became of the regions of one recorded step in the next.

    Regions are numbers of rows of the two partitions. Pairs ``[i, j]`` are a region before and one after.

    Parameters
    ----------
    before, after : int
        The two steps.
    n_before, n_after : int
        Numbers of regions.
    by_pattern : (n, 2) int array
        Pairs that overlap and have the same activation pattern.
    by_overlap : (n, 2) int array
        Pairs that hold more than half of each other.
    persisting : (n, 2) int array
        All of `by_pattern`, and those of `by_overlap` neither of whose regions is among these.
    split : (n, 2) int array
        A new region that lies in one old region for more than half, and that one.
    merged : (n, 2) int array
        A lost region that lies in one new or persisting region for more than half, and that one.
    born : (n,) int array
        New regions, of which no old one holds more than half, and which hold more than half of no lost one.
    died : (n,) int array
        Lost regions, of which no region holds more than half, and which hold more than half of no new one.
    pattern_share, persisting_share : float
        Share of the domain's volume where the activation pattern is the same in both steps, and where the old region
        and the new one persist as each other; rounded.
    """

    before: int
    after: int
    n_before: int
    n_after: int
    by_pattern: Ints
    by_overlap: Ints
    persisting: Ints
    split: Ints
    merged: Ints
    born: Ints
    died: Ints
    pattern_share: float
    persisting_share: float

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    @property
    def split_up(self) -> Ints:
        """Lost regions that no region holds more than half of, but which hold more than half of a new one."""
        kept = np.concatenate([self.persisting[:, 0], self.merged[:, 0], self.died])
        return np.setdiff1d(np.arange(self.n_before), kept)

    @property
    def merged_together(self) -> Ints:
        """New regions of which no old one holds more than half, but which hold more than half of a lost one."""
        known = np.concatenate([self.persisting[:, 1], self.split[:, 1], self.born])
        return np.setdiff1d(np.arange(self.n_after), known)

    @property
    def split_gain(self) -> int:
        """How many more regions there are by splitting: new parts less regions that ended in parts."""
        return len(self.split) - len(self.split_up)

    @property
    def merge_loss(self) -> int:
        """How many fewer regions there are by merging: lost regions less new ones that began as several."""
        return len(self.merged) - len(self.merged_together)

    def __repr__(self) -> str:
        return (
            f"Transition(steps {self.before} -> {self.after}, {self.n_before} -> {self.n_after} regions: "
            f"{len(self.persisting)} persist, {len(self.born)} born, {len(self.split)} split off, "
            f"{len(self.merged)} merged, {len(self.died)} died)"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """What became of the regions of each recorded step in the next; printed, a table.

    Parameters
    ----------
    steps : (n,) int array
        The recorded steps.
    n_regions : (n,) int array
        Their numbers of regions; 0 where the training had diverged.
    transitions : tuple of n - 1 Transitions or None
        One for each pair of consecutive steps; None where the training had diverged in one of them.
    """

    steps: Ints
    n_regions: Ints
    transitions: tuple[Transition | None, ...]

    def __post_init__(self) -> None:
        self.n_regions.flags.writeable = False

    def __len__(self) -> int:
        return len(self.transitions)

    def __getitem__(self, index: int) -> Transition | None:
        return self.transitions[index]

    def __iter__(self) -> Iterator[Transition | None]:
        return iter(self.transitions)

    @property
    def found(self) -> list[Transition]:
        """The transitions that are known."""
        return [change for change in self.transitions if change is not None]

    @property
    def skipped(self) -> list[tuple[int, int]]:
        """Pairs of consecutive steps in one of which the training had diverged."""
        pairs = pairwise(self.steps.tolist())
        return [pair for pair, change in zip(pairs, self.transitions, strict=True) if change is None]

    def counts(self) -> dict[str, Ints]:
        """Numbers of events by their names, each an array with one entry for each transition in `found`."""
        return {name: np.array([len(getattr(t, name)) for t in self.found], dtype=np.int64) for name in KINDS}

    def plot(self, figure: Figure | None = None) -> Figure:
        """Draw how many regions there are, how many of them persist, and how many come and go.

        Parameters
        ----------
        figure : Figure, optional
            Where to draw; a new one by default.

        Raises
        ------
        DimensionError
            No pair of steps that could be compared.
        """
        from polytope_lens.training.films.tracks import plot_events

        if not self.found:
            raise DimensionError("a picture of events needs two consecutive recorded steps at which no weight was NaN.")
        counts = {}
        for name, known in self.counts().items():
            counts[name] = np.full(len(self), np.nan)
            counts[name][[change is not None for change in self]] = known
        return plot_events(self.steps, self.n_regions, counts, figure)

    def __repr__(self) -> str:
        missing = f", {len(self.skipped)} of them skipped, as the training had diverged" if self.skipped else ""
        return f"Events({len(self)} transitions between {len(self.steps)} recorded steps{missing})"

    def _rows(self) -> list[tuple[str, ...]]:
        return list(map(_row, pairwise(self.steps.tolist()), self.transitions))

    def _repr_html_(self) -> str:
        return steps_card(repr(self), HEAD, self._rows(), "events.plot()", "events.counts()", "events[i]")

    def __str__(self) -> str:
        return text_table(HEAD, self._rows(), MOST_ROWS)


def _row(steps: tuple[int, int], change: Transition | None) -> tuple[str, ...]:
    """Cells of a line of the table: the last is the share of the domain that kept its region."""
    span = f"{steps[0]}-{steps[1]}"
    if change is None:
        return (span, "diverged", *[""] * 8)
    numbers = (str(len(getattr(change, name))) for name in KINDS)
    return (span, f"{change.n_before}-{change.n_after}", *numbers, f"{change.persisting_share:.1%}")


class EventOptions(TypedDict, total=False):
    """The options of `events`."""

    domain: Box | None
    workers: int
    progress: bool


def events(recording: Recording, *, domain: Box | None = None, workers: int = 2, progress: bool = True) -> Events:
    """Which regions persist, split, merge, are born and die between consecutive steps of a recording.

    A region *persists* as one of the next step if they overlap and have the same activation pattern; or else if each
    holds more than half of the other's volume. What does not persist is *lost* if it was there before, and *new* if it
    is there after. A new region of which more than half lies in one old region has *split* off from it; a lost region
    of which more than half lies in one region of the next step has *merged* into that. A lost region that did not
    merge, but from which new ones split off, was split up; a new region that did not split off, but into which lost
    ones merged, was merged together. Of what is left, lost regions *died* and new ones were *born*.

    Parameters
    ----------
    recording : Recording
    domain : Box, optional
        Where to look, by default where the recording does.
    workers : int
        Threads to share the pairs of steps.
    progress : bool
        Whether to draw a progress bar on stderr.

    Returns
    -------
    Events
        Pairs of steps in one of which the training had diverged are left out and said to be so.

    Raises
    ------
    OptionError, DomainError

    Notes
    -----
    Exact: which regions overlap, and which one holds more than half of another, is decided without a tolerance, see
    `overlay.overlay` and `overlay.majorities`. No two regions hold more than half of a third, so there
    are no ties, and every region has one fate: ``n_before`` is the number of regions that persist, merged, were split
    up, or died, ``n_after`` of those that persist, split off, were merged together, or were born. Hence
    ``n_after = n_before + born + split_gain - merge_loss - died``.

    The vocabulary, and overlap by more than one half as the criterion, are those of cluster transitions: Spiliopoulou,
    Ntoutsi, Theodoridis and Schult, "MONIC: modeling and monitoring cluster transitions", KDD 2006. There, clusters
    overlap in shared records; here, regions in volume, and they have names, their activation patterns.

    Cost: an overlay of each pair, and a third of its time to match regions: 30 milliseconds of one core for 3600
    regions of a network of six layers of 14 neurons, 25 seconds for 83 000 of one of 30 layers of 30. Memory: that of
    a few overlays.

    Examples
    --------
    >>> from polytope_lens import Box
    >>> from polytope_lens.network.network import from_arrays
    >>> from polytope_lens.training import Recording
    >>> crease = [from_arrays([[[1, 0]], [[1]]], [[bias], [0]]) for bias in (0.5, 0.75, 2)]
    >>> print(Recording([0, 1, 2], crease).events(domain=Box([-1, -1], [1, 1]), progress=False))
    steps  regions  persist  by pattern  by overlap  born  split  merged  died   kept
      0-1      2-2        2           2           1     0      0       0     0  87.5%
      1-2      2-1        1           1           1     0      0       1     0  87.5%
    """
    recording = in_domain(recording, domain)
    workers = validate.workers(workers)
    networks, steps = recording.networks, recording.steps.tolist()
    transitions: list[Transition | None] = []
    n_regions: list[int] = []
    regions_of = partial(_partition, domain=recording.domain)
    window = 4 * workers
    last: list[Partition | None] = []
    with (
        ThreadPoolExecutor(workers) as pool,
        bar(progress, total=len(networks), desc="events", unit="step") as shown,
    ):
        for start in range(0, len(networks), window):
            made = list(pool.map(regions_of, networks[start : start + window]))
            n_regions += [0 if partition is None else len(partition) for partition in made]
            pairs = list(pairwise([*last, *made]))
            spans = list(pairwise(steps[max(start - 1, 0) : start + window]))
            transitions += pool.map(_compare, pairs, spans)
            last = made[-1:]
            shown.update(len(made))
    return Events(recording.steps, np.array(n_regions, dtype=np.int64), tuple(transitions))


def _partition(network: Network | None, domain: Domain) -> Partition | None:
    return None if network is None else engines.partition(network, domain, progress=False)


def _compare(pair: tuple[Partition | None, Partition | None], steps: tuple[int, int]) -> Transition | None:
    first, second = pair
    return None if first is None or second is None else transition(overlay(first, second, progress=False), *steps)


def transition(found: Overlay, before: int = 0, after: int = 1) -> Transition:
    """What became of the regions of the first of two partitions in the second; see `events`.

    Parameters
    ----------
    found : Overlay
    before, after : int
        Names of the two moments.
    """
    first, second = found.first, found.second
    pairs = np.column_stack([found.first_regions, found.second_regions])
    same = np.zeros(len(found), dtype=bool)
    if first.network.bits_per_layer == second.network.bits_per_layer:
        same = (first.packed_patterns[pairs[:, 0]] == second.packed_patterns[pairs[:, 1]]).all(axis=1)
    heirs, origins = majorities(found)
    mutual = (heirs[pairs[:, 0]] == pairs[:, 1]) & (origins[pairs[:, 1]] == pairs[:, 0])
    taken = _members(pairs[same, 0], len(first))[pairs[:, 0]] | _members(pairs[same, 1], len(second))[pairs[:, 1]]
    persists = same | (mutual & ~taken)
    lost = ~_members(pairs[persists, 0], len(first))
    new = ~_members(pairs[persists, 1], len(second))
    split = np.flatnonzero(new & (origins >= 0))
    merged = np.flatnonzero(lost & (heirs >= 0))
    total = found.volumes.sum()
    return Transition(
        before,
        after,
        len(first),
        len(second),
        pairs[same],
        pairs[mutual],
        pairs[persists],
        np.column_stack([origins[split], split]),
        np.column_stack([merged, heirs[merged]]),
        np.flatnonzero(new & (origins < 0) & ~_members(heirs[merged], len(second))),
        np.flatnonzero(lost & (heirs < 0) & ~_members(origins[split], len(first))),
        float(found.volumes[same].sum() / total),
        float(found.volumes[persists].sum() / total),
    )


def _members(places: Ints, n: int) -> NDArray[np.bool_]:
    """Which of ``0 ... n - 1`` are listed."""
    mask = np.zeros(n, dtype=bool)
    mask[places] = True
    return mask


def ages(recording: Recording | Events, *, unit: Literal["updates", "records"] = "updates") -> list[Ints]:
    """How long each region of each recorded step has been there.

    A region that persists, see `events`, is as old as it was in the step before and what has passed since; others
    are of age 0, as are all regions of the first step, and of the first after the training had diverged.

    Parameters
    ----------
    recording : Recording or Events
        Of a recording, the events are found first; give them if you have them.
    unit : "updates" or "records"
        Whether to count updates of the weights or recorded steps.

    Returns
    -------
    list of (n_regions,) int arrays
        One for each recorded step; empty where the training had diverged.

    Examples
    --------
    >>> from polytope_lens import Box
    >>> from polytope_lens.network.network import from_arrays
    >>> from polytope_lens.training import Recording
    >>> lines = [from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, bias], [0]]) for bias in (2, 2, 0)]
    >>> [age.tolist() for age in ages(Recording([0, 10, 20], lines, Box([-1, -1], [1, 1])))]
    [[0, 0], [10, 10], [0, 20, 0, 20]]
    """
    validate.option(unit, name="`unit`", allowed=UNITS)
    found = recording if isinstance(recording, Events) else events(recording, progress=False)
    passed = np.diff(found.steps) if unit == "updates" else np.ones(len(found), dtype=np.int64)
    result = [np.zeros(n, dtype=np.int64) for n in found.n_regions.tolist()]
    for k, change in enumerate(found):
        if change is not None:
            old, new = change.persisting.T
            result[k + 1][new] = result[k][old] + passed[k]
    return result
