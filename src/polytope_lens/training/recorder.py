"""Keeping the weights that a model has at chosen steps of its training."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._docstrings import documented_by
from polytope_lens._progress import in_notebook
from polytope_lens.displays.phrases import many
from polytope_lens.errors import OptionError, require
from polytope_lens.training.events import Events, events
from polytope_lens.training.films.film import film
from polytope_lens.training.live_page import LivePage
from polytope_lens.training.measures import Measures, check_categories, measure
from polytope_lens.training.recorded_domain import in_domain, n_outside, usual_domain
from polytope_lens.training.recording import Recording
from polytope_lens.training.recording_page import explorer
from polytope_lens.training.samples import check_samples
from polytope_lens.training.target_image import check_image
from polytope_lens.training.weights import left_out, network_now

if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType
    from typing import Unpack

    import torch
    from numpy.typing import ArrayLike
    from torch import nn
    from torch.utils.hooks import RemovableHandle

    from polytope_lens.domain import Box
    from polytope_lens.network.network import Network
    from polytope_lens.render.explorer.explorer import Explorer
    from polytope_lens.training.events import EventOptions
    from polytope_lens.training.films.film import FilmOptions
    from polytope_lens.training.measures import MeasureOptions
    from polytope_lens.training.recording_page import PageOptions
    from polytope_lens.training.samples import Samples


class Recorder:
    """Record exact copies of a model's weights while it trains, in any loop that uses an optimiser of torch.

    Inside ``with Recorder(model) as recorder:`` the weights on entry count as step 0, and each step of an optimiser
    that holds a parameter of the model counts as one more. Or call ``recorder(step)`` yourself.

    Parameters
    ----------
    model : nn.Module
        One that `Lens` reads, in any mode; it is recorded as in eval mode.
    every : int
        Keep steps 0, `every`, 2 `every`, ...
    samples : Samples, optional
        What it is trained on, for the recording.
    target : (size, size) array, optional
        The image that it should learn, for the recording.
    domain : Box, optional
        Where to look at it: by default [-1, 1]^2 with a target, which is the square that it covers; else a box that
        holds the samples with a margin, which is then told on standard error. Without either, it is asked for where
        one is needed: ``recorder.film("film.gif", domain=Box([-1, -1], [1, 1]))``.
    live : bool
        Show the regions of each step kept while the model trains, in a page for this machine's browser: on entry,
        notebooks show it below the cell, elsewhere its address is written to standard error. The page is served to
        this machine alone, and no longer than the training lasts; what it has got stays there.

    Attributes
    ----------
    steps : list of int
    networks : list of Network or None
        The model at each of these steps, in canonical form; None where a weight was not finite.
    address : str or None
        Of the page, while it is live.

    Raises
    ------
    OptionError
        Another model than one of torch, `every` below 1; on entry, more categories than outputs; when called with a
        step before the last one kept; when entered twice at once.
    DomainError
        On entry, if `live`: nothing says where to look.
    UnsupportedLayerError, InvalidNetworkError
        On entry, or when first called: the model is none that can be read.

    Notes
    -----
    Exactness: the weights are copied without rounding.
    Cost: 8 bytes per parameter and step kept; the time of `weights.network_now`, microseconds at other steps.
    Not counted are steps that torch's hooks do not see: those of an optimiser inside a compiled function, or such as a
    gradient scaler skips.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    >>> optimizer = torch.optim.SGD(model.parameters())
    >>> with Recorder(model, every=10) as recorder:
    ...     for _ in range(25):
    ...         optimizer.zero_grad()
    ...         model(torch.ones(1, 2)).sum().backward()
    ...         optimizer.step()
    >>> recorder.steps
    [0, 10, 20]
    >>> recorder.recording()
    Recording(3 steps from 0 to 20)
    """

    def __init__(
        self,
        model: nn.Module,
        every: int = 1,
        *,
        samples: Samples | None = None,
        target: ArrayLike | None = None,
        domain: Box | None = None,
        live: bool = False,
    ) -> None:
        self.model: nn.Module = getattr(model, "_orig_mod", model)  # what torch.compile was given
        if not callable(getattr(self.model, "parameters", None)):
            raise OptionError(f"a Recorder watches a torch.nn.Module, but received {type(model).__name__}.")
        self.every = validate.count(every, name="`every`")
        self.samples = check_samples(samples)
        self.target = None if target is None else check_image(target)
        self.domain = usual_domain(domain, self.samples, self.target)
        self._tell_domain(is_said=domain is not None or target is not None)
        self.live = validate.flag(live, name="`live`")
        self._page: LivePage | None = None
        self.steps: list[int] = []
        self.networks: list[Network | None] = []
        self._n_seen = 0
        self._handle: RemovableHandle | None = None

    def _tell_domain(self, *, is_said: bool) -> None:
        """Say where the regions are looked for, if nobody else did; warn of samples that are elsewhere."""
        if self.domain is None or self.samples is None:
            return
        if not is_said:
            told = f"regions are looked for in {self.domain!r}, which holds the samples with a margin"
            print(f"polytope_lens: {told}. Say `domain=` for another box.", file=sys.stderr)
        elif n := n_outside(self.domain, self.samples):
            total = len(self.samples.train_points) + len(self.samples.validation_points)
            warnings.warn(
                f"{n} of {total} samples lie outside of {self.domain!r}, where regions are looked for. Say `domain=` "
                "for another box.",
                stacklevel=3,
            )

    def _tell_end(self) -> None:
        """Say what is no part of the networks, though it stands at the end of the model."""
        if (name := left_out(self.model)) is not None:
            told = f"the {name} at the end of the model is left out"
            print(f"polytope_lens: {told}: values and losses are those of what goes into it.", file=sys.stderr)

    def __call__(self, step: int) -> None:
        """Keep the weights if it is this step's turn; to be handed to `train` as `on_step`."""
        step = validate.count(step, name="the step", least=0)
        if step % self.every or (self.steps and step == self.steps[-1]):
            return
        if self.steps and step < self.steps[-1]:
            raise OptionError(
                f"steps should increase, but {step} comes after {self.steps[-1]}. Make another Recorder for another "
                "training."
            )
        network = network_now(self.model)
        if not self.steps and network is not None:
            check_categories(network, self.samples, self.target)
            self._tell_end()
        self.networks.append(network)
        self.steps.append(step)
        if self._page is not None:
            self._page.add(step, len(self.steps) - 1, self.networks[-1])

    @property
    def address(self) -> str | None:
        """Where the page is, while it is live."""
        return None if self._page is None else self._page.address

    def _repr_html_(self) -> str | None:
        """The page in a frame, for notebooks, while it is live."""
        if self._page is None:
            return None
        style = "width: 100%; height: 640px; border: 0"
        return f'<iframe src="{self._page.address}" title="Explorer of a training" style="{style}"></iframe>'

    def __enter__(self) -> Recorder:
        require("torch", extra="torch", purpose="recording a training")
        from torch.optim.optimizer import register_optimizer_step_post_hook

        if self._handle is not None:
            raise OptionError("this Recorder is recording already. Make another one to record the model twice.")
        if self.live:
            domain = in_domain(self.recording(), None).domain
            assert domain is not None
            self._page = LivePage(domain, self.samples)
            if in_notebook():
                import_module("IPython.display").display(self)
            else:
                print(f"polytope_lens: the regions are shown at {self.address}", file=sys.stderr)
        try:
            self(self._n_seen)
        except BaseException:
            self._end_page()
            raise
        self._handle = register_optimizer_step_post_hook(self._after_step)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self._handle.remove()
            self._handle = None
        self._end_page()

    def _end_page(self) -> None:
        if self._page is not None:
            self._page.close()
            self._page = None

    def _after_step(self, optimizer: torch.optim.Optimizer, args: object, kwargs: object) -> None:
        ours = {id(parameter) for parameter in self.model.parameters()}
        if any(id(parameter) in ours for group in optimizer.param_groups for parameter in group["params"]):
            self._n_seen += 1
            self(self._n_seen)

    def recording(self) -> Recording:
        """What was recorded until now, as data."""
        return Recording(
            np.array(self.steps, dtype=np.int64), tuple(self.networks), self.domain, self.samples, self.target
        )

    @documented_by(Recording.save)
    def save(self, path: str | PathLike[str]) -> None:
        """Write what was recorded to a file, which `Recording.load` reads."""
        self.recording().save(path)

    @documented_by(film)
    def film(self, path: str | PathLike[str], **options: Unpack[FilmOptions]) -> None:
        """Write a film of what was recorded, one frame for each step kept."""
        self.recording().film(path, **options)

    @documented_by(measure)
    def measure(self, **options: Unpack[MeasureOptions]) -> Measures:
        """Losses, true error and numbers of regions at each step kept."""
        return self.recording().measure(**options)

    @documented_by(explorer)
    def explorer(self, path: str | PathLike[str] | None = None, **options: Unpack[PageOptions]) -> Explorer:
        """A page to look around in the regions of each step that was recorded, with a slider over them."""
        return self.recording().explorer(path, **options)

    @documented_by(events)
    def events(self, **options: Unpack[EventOptions]) -> Events:
        """Which regions persist, split, merge, are born and die between consecutive steps that were recorded."""
        return self.recording().events(**options)

    def __repr__(self) -> str:
        return f"Recorder({many(len(self.steps), 'network')}, every {many(self.every, 'step')})"
