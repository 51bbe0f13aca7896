"""Films of how a network learns: every recorded step, from true polytopes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal, TypedDict, get_args

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.engines.enumerate import partition
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.network.pattern import sort_key
from polytope_lens.render.encoders import check_film, save_film
from polytope_lens.render.scene import slopes, value_range
from polytope_lens.training.measures import Measures, Row, check, gather, is_categorical, measure_step, without_networks
from polytope_lens.training.recorded_domain import in_domain
from polytope_lens.training.workers import in_order

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from polytope_lens._types import Frame, Ints, Words
    from polytope_lens.domain import Box
    from polytope_lens.network.network import Network
    from polytope_lens.training.films.frames import Painter
    from polytope_lens.training.films.panel_pixels import FilmSetting
    from polytope_lens.training.recording import Recording


Panel = Literal["partition", "value", "target", "pattern", "slope", "layer", "error", "age"]
PANELS: tuple[Panel, ...] = get_args(Panel)
MOST_PANELS = 4


class FilmOptions(TypedDict, total=False):
    """The options of `film`."""

    panels: Sequence[Panel] | None
    curves: bool
    size: tuple[int, int]
    fps: float
    output: int
    domain: Box | None
    workers: int
    progress: bool
    measures: Measures | None


def film(
    recording: Recording,
    path: str | os.PathLike[str],
    *,
    panels: Sequence[Panel] | None = None,
    curves: bool = True,
    size: tuple[int, int] = (1280, 480),
    fps: float = 30.0,
    output: int = 0,
    domain: Box | None = None,
    workers: int = 2,
    progress: bool = True,
    measures: Measures | None = None,
) -> None:
    """Write a film of a recording, one frame for each step kept.

    Parameters
    ----------
    recording : Recording
        Of networks with two inputs. A step at which the weights were not finite becomes a frame that says so.
    path : str or path
        ``.mp4`` (needs PyAV), ``.gif`` or ``.webp``.
    panels : sequence of one to four of the following
        "partition", the value with the boundaries of the polytopes, coloured by layer; "value" alone; "target", the
        image to be learnt with training points vermillion and validation points blue; "pattern", a colour for each
        activation pattern, so that a region keeps its colour while it lives; "slope", the norm of the gradient;
        "layer", the last layer that cuts out the region; "error", network minus target; "age", for how many recorded
        steps in a row the region's pattern has been there. By default the first three. Without a target image "value"
        shows the training points, by class if they have any, unless the panel "target" does; by default it is then
        beside "partition", or else, without samples, "pattern" is.
    curves : bool
        Whether to draw beside the panels the losses, the true error and the numbers of regions up to each step, as
        `measures.measure` finds them.
    size : (width, height)
        Of a frame, in pixels.
    fps : float
        Frames per second.
    output : int
        Which output "partition", "value", "slope" and "error" are about. Where the values to be learnt are categories
        (integers), value, partition and target show the class, that is the greatest output, and "error" where it is
        wrong.
    domain : Box, optional
        Where to look, by default where the recording does.
    workers : int
        Processes; the frames are the same for any number.
    progress : bool
        Whether to draw progress bars on stderr.
    measures : Measures, optional
        What `measure` found of this recording and output, for the curves; by default it is found now.

    Raises
    ------
    OptionError, DimensionError, DomainError
        Bad options; networks with other than two inputs; no domain, or one that does not cover the target.
    FilmError
        The encoder failed. The frames are then in a folder beside `path`, which the message names.
    MissingExtraError, FileNotFoundError

    Notes
    -----
    Nothing is sampled to find a region: each pixel is the mean colour of 2 x 2 points, at which the affine map of the
    region that holds them is evaluated. Grey is the value from 0 (black) to 1 (white); without a target, from the least
    to the greatest value of all steps.
    Each step is enumerated twice, once to measure it and once to draw it, which takes less than to keep all partitions;
    without curves, or with `measures`, and unless scales must be known beforehand, once.
    """
    recording = in_domain(recording, domain)
    names = _checked_panels(recording, panels)
    check_film(path, fps)
    sides = validate.sequence(size, name="the size of a frame")
    if len(sides) != 2:
        raise OptionError(
            f"the size of a frame should be two numbers, width and height, but received {validate.shown(size)}."
        )
    width, height = (validate.count(n, name="a side of a frame, in pixels,") for n in sides)
    workers = validate.workers(workers)
    if not len(recording):
        raise OptionError("a film needs at least one recorded step, but this recording has none.")
    output = check(recording, output)
    _check_planar(recording)
    if measures is not None:
        validate.instance(measures, Measures, name="`measures`", advice="Find them with `measure(recording)`.")
    if measures is not None and not np.array_equal(measures.step, recording.steps):
        raise OptionError(
            f"`measures` should be those of this recording, of steps {recording.steps.tolist()[:5]}, but they are of "
            f"steps {measures.step.tolist()[:5]}. Leave them out, and they are found."
        )
    common = without_networks(recording)
    measured = curves and measures is None
    ahead = (
        measured or bool({"slope", "age"} & set(names)) or (recording.target is None and not is_categorical(recording))
    )
    surveys = [Survey(None, None, None, None) for _ in recording.networks]
    if ahead:
        look = partial(survey, common, output, measured, "slope" in names, "age" in names)
        bar = "measuring" if progress else None
        surveys = list(in_order(look, recording.networks, workers=workers, progress=bar))
    if measured:
        measures = gather(recording, [s.row for s in surveys if s.row is not None])
    births = _births(surveys) if "age" in names else [None] * len(recording)
    setting = _setting(recording, names, (width, height), output, surveys, births, measures if curves else None)
    paint = partial(draw, setting)
    items = [
        (index, step, network, born)
        for index, ((step, network), born) in enumerate(zip(recording, births, strict=True))
    ]
    save_film(in_order(paint, items, workers=workers, progress="drawing" if progress else None), path, fps)


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What must be known of a step before any frame is drawn: measurements, scales, patterns."""

    row: Row | None
    limits: tuple[float, float] | None
    slopes: tuple[float, float] | None
    packed_patterns: Words | None


def survey(
    recording: Recording, output: int, curves: bool, sloping: bool, aging: bool, network: Network | None
) -> Survey:
    """Look at a step before drawing it: measure it for `curves`, its slopes if `sloping`, keep patterns if `aging`.

    The range of values is cheap, and always found.
    """
    if network is None:
        row = measure_step(recording, output, None)[1] if curves else None
        return Survey(row, None, None, None)
    found, row = measure_step(recording, output, network) if curves else (None, None)
    found = found or partition(network, recording.domain, progress=False)
    steepness = slopes(found, output) if sloping else None
    return Survey(
        row,
        value_range(found, output),
        None if steepness is None else (float(np.median(steepness)), float(steepness.max())),
        found.packed_patterns if aging else None,
    )


def draw(setting: FilmSetting, item: tuple[int, int, Network | None, Ints | None]) -> Frame:
    """The frame of one step."""
    index, step, network, births = item
    found = None if network is None else partition(network, setting.domain, progress=False)
    return _painter(setting).draw(index, step, found, births)


@lru_cache(maxsize=1)
def _painter(setting: FilmSetting) -> Painter:
    """The painter of the film that this process draws; settings are hashed by identity."""
    from polytope_lens.training.films.frames import Painter

    return Painter(setting)


def _setting(
    recording: Recording,
    panels: tuple[str, ...],
    size: tuple[int, int],
    output: int,
    surveys: list[Survey],
    births: Sequence[Ints | None],
    measures: Measures | None,
) -> FilmSetting:
    from polytope_lens.training.films.panel_pixels import FilmSetting

    network = next((network for network in recording.networks if network is not None), None)
    categorical = is_categorical(recording)
    limits = [s.limits for s in surveys if s.limits is not None]
    low, high = (min(a for a, _ in limits), max(b for _, b in limits)) if limits else (0.0, 1.0)
    if recording.target is not None:
        low, high = 0.0, 1.0
    if not low < high:
        low, high = low - 0.5, low + 0.5
    steep = [s.slopes for s in surveys if s.slopes is not None]
    points, domain = recording.samples, recording.domain
    assert domain is not None
    none = np.zeros((0, 2))
    return FilmSetting(
        panels=panels,
        size=size,
        domain=domain,
        output=output,
        layers=() if network is None else network.bits_per_layer,
        n_classes=(1 if network is None else network.output_dim) if categorical else 0,
        target=recording.target,
        train_points=none if points is None else points.train_points,
        validation_points=none if points is None else points.validation_points,
        train_classes=points.train_values if points is not None and points.is_categorical else None,
        limits=(low, high),
        slopes=(float(np.median([m for m, _ in steep])), max(s for _, s in steep)) if steep else (0.0, 1.0),
        oldest=max((int((k - born).max()) for k, born in enumerate(births) if born is not None), default=0),
        measures=measures,
    )


def _births(surveys: Sequence[Survey]) -> list[Ints | None]:
    """At which recorded step each region's pattern appeared that has been there ever since."""
    births: list[Ints | None] = []
    before, born_before = None, np.zeros(0, dtype=np.int64)
    for index, one in enumerate(surveys):
        if one.packed_patterns is None:  # weights that are not finite have no regions
            before = None
            births.append(None)
            continue
        now = sort_key(one.packed_patterns)
        born = np.full(len(now), index)
        if before is not None:
            _, here, there = np.intersect1d(now, before, assume_unique=True, return_indices=True)
            born[here] = born_before[there]
        births.append(born)
        before, born_before = now, born
    return births


def _checked_panels(recording: Recording, panels: Sequence[str] | None) -> tuple[str, ...]:
    """The panels, if they can be drawn."""
    if panels is None:
        if recording.target is not None:
            return PANELS[:3]
        return ("partition", "pattern") if recording.samples is None else ("partition", "value")
    names = (panels,) if isinstance(panels, str) else validate.sequence(panels, name="`panels`")
    for name in names:
        validate.option(name, name="a panel", allowed=PANELS)
    if not 1 <= len(names) <= MOST_PANELS or len(set(names)) < len(names):
        raise OptionError(f"a film has one to {MOST_PANELS} different panels, but received {list(names)}.")
    if recording.target is None and ("error" in names or ("target" in names and recording.samples is None)):
        raise OptionError("the panels 'target' and 'error' need a target image, but this recording has none.")
    return names


def _check_planar(recording: Recording) -> None:
    for network in recording.networks:
        if network is not None and network.input_dim != 2:
            raise DimensionError(
                f"a film shows networks with 2 inputs, but these have {network.input_dim}. Look at "
                "a plane through three points: `recording.slice(p, q, r, domain=Box([-1, -1], [2, 2])).film(...)`."
            )
