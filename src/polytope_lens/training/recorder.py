"""Keeping the weights that a model has at chosen steps of its training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens.errors import OptionError

if TYPE_CHECKING:
    from torch import nn

    from polytope_lens.network import Network


class Recorder:
    """Record exact copies of a model's weights while it trains.

    Parameters
    ----------
    model : nn.Sequential
        One that `polytope_lens.importers.torch.from_module` reads.
    every : int
        Keep steps 0, `every`, 2 `every`, ...

    Attributes
    ----------
    steps : list of int
    networks : list of Network
        The model at each of these steps, in canonical form.

    Raises
    ------
    OptionError
        `every` below 1.

    Notes
    -----
    Exactness: the weights are copied without rounding.
    Cost: 8 bytes per parameter and step kept.

    Examples
    --------
    >>> from polytope_lens.training import mlp
    >>> recorder = Recorder(mlp((2, 3, 1)), every=10)
    >>> for step in range(21):
    ...     recorder(step)
    >>> recorder.steps
    [0, 10, 20]
    """

    def __init__(self, model: nn.Module, every: int = 1) -> None:
        if every < 1:
            raise OptionError(f"`every` should be at least 1, but received {every}.")
        self.model = model
        self.every = every
        self.steps: list[int] = []
        self.networks: list[Network] = []

    def __call__(self, step: int) -> None:
        """Keep the weights if it is this step's turn; to be handed to `train` as `on_step`."""
        from polytope_lens.importers.torch import from_module

        if step % self.every == 0:
            self.networks.append(from_module(self.model))
            self.steps.append(step)

    def __repr__(self) -> str:
        return f"Recorder({len(self.steps)} networks, every {self.every} steps)"
