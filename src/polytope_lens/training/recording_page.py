"""A recording as a page to look around in, with a slider over its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

import numpy as np

from polytope_lens._progress import bar
from polytope_lens.engines import enumerate as engines
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.render.explorer.explorer import Explorer, Stage, check_color, check_name, page_of
from polytope_lens.render.scene import coded, drawn_points
from polytope_lens.training.events import ages, events
from polytope_lens.training.recorded_domain import in_domain

if TYPE_CHECKING:
    from os import PathLike

    from polytope_lens.domain import Box
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition
    from polytope_lens.render.explorer.explorer import AboutPoints
    from polytope_lens.training.recording import Recording
    from polytope_lens.training.samples import Samples

PageColor = Literal["value", "pattern", "slope", "layer", "class", "purity", "age"]


class PageOptions(TypedDict, total=False):
    """The options of `explorer`."""

    color: PageColor
    boundaries: bool
    output: int
    domain: Box | None
    workers: int
    progress: bool


def explorer(
    recording: Recording,
    path: str | PathLike[str] | None = None,
    color: PageColor = "value",
    *,
    boundaries: bool = True,
    output: int = 0,
    domain: Box | None = None,
    workers: int = 2,
    progress: bool = True,
) -> Explorer:
    """A page to look around in the regions of each recorded step, with a slider over them.

    It is that of `Partition.explorer`. The region that is kept is the one around the point that was clicked, at
    each step. Training points inside the domain are drawn, and where their values are categories, they have a purity.

    Parameters
    ----------
    recording : Recording
        Of networks with two inputs. Steps at which the weights were not finite are left out.
    path : str or path-like, optional
        A file to write, .html.
    color : {"value", "pattern", "slope", "layer", "class", "purity", "age"}
        As for a partition; "age" tells for how many updates a region has been there, as `events.ages` has it.
    boundaries : bool
    output : int
        Which output "value" and "slope" are about at first. They have one scale for all steps.
    domain : Box, optional
        Where to look, by default where the recording does.
    workers : int
        Threads that find what becomes of regions.
    progress : bool
        Whether to draw progress bars on stderr.

    Returns
    -------
    Explorer

    Raises
    ------
    OptionError, DimensionError, InvalidNetworkError

    Notes
    -----
    Cost: that of `events.events`; some 50 bytes of the page for each region of each step. Choose steps when you
    record: a hundred of 4 000 regions make 20 MB.

    Examples
    --------
    >>> from polytope_lens import Box
    >>> from polytope_lens.network.network import from_arrays
    >>> from polytope_lens.training import Recording
    >>> crease = [from_arrays([[[1, 0]], [[1]]], [[bias], [0]]) for bias in (0.5, 0.75, 2)]
    >>> page = Recording([0, 1, 2], crease, Box([-1, -1], [1, 1])).explorer(progress=False)
    >>> page.n_regions
    (2, 2, 1)
    """
    if path is not None:
        check_name(path)
    recording = in_domain(recording, domain)
    kept = [(step, k, network) for k, (step, network) in enumerate(recording) if network is not None]
    if not kept:
        raise DimensionError("a recording is explored if it has a step with finite weights, but this one has none.")
    _check_shapes([network for _, _, network in kept])
    old = ages(events(recording, workers=workers, progress=progress))
    stages: list[Stage] = []
    for step, k, network in bar(progress, kept, desc="explorer", unit="step"):
        partition = engines.partition(network, recording.domain, progress=False)
        if not stages:
            about = drawn_samples(recording.samples, partition)
            check_color(color, partition, labels=about[1] is not None, ages=True)
        python = f"Lens(recording.networks[{k}]).partition(recording.domain)"
        stages.append(Stage(partition, step, old[k], python))
    found = page_of(stages, color, boundaries=boundaries, output=output, about_points=about)
    if path is not None:
        found.save(path)
    return found


def _check_shapes(networks: list[Network]) -> None:
    first = networks[0]
    for network in networks:
        if (network.bits_per_layer, network.output_dim) != (first.bits_per_layer, first.output_dim):
            raise OptionError(
                f"a page shows networks that differ in their weights only, but received {first} and {network}."
            )


def drawn_samples(samples: Samples | None, partition: Partition) -> AboutPoints:
    """The training points inside the domain of a partition, and their categories."""
    if samples is None or partition.domain is None:
        return None, None, []
    inside = partition.domain.contains(samples.train_points)
    if not inside.any():
        return None, None, []
    points, values = drawn_points(partition, samples.train_points[inside]), samples.train_values[inside]
    is_labels = np.issubdtype(values.dtype, np.integer)
    return points, *coded(values if is_labels else None, len(points))
