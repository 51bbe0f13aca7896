"""A thin training loop."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._progress import bar
from polytope_lens.errors import DimensionError, OptionError, require
from polytope_lens.training.samples import Samples
from polytope_lens.training.weights import in_eval_mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch
    from numpy.typing import ArrayLike, NDArray
    from torch import nn

    from polytope_lens._types import Floats

Schedule = Literal["cosine", "constant"]
Optimizer = Literal["adam", "sgd"]
Loss = Literal["mse", "cross-entropy"]
SCHEDULES, OPTIMIZERS, LOSSES = get_args(Schedule), get_args(Optimizer), get_args(Loss)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingHistory:
    """Losses during training.

    Parameters
    ----------
    step : (n,) int array
        Number of updates made so far: 0 is the model as it was, the last one as it is now.
    train_loss, validation_loss : (n,) arrays
        The mean over all training, and all validation points, in eval mode; NaN where there are no validation points.
    """

    step: NDArray[np.int64]
    train_loss: Floats
    validation_loss: Floats

    def __post_init__(self) -> None:
        for field in fields(self):
            array = np.array(getattr(self, field.name))
            array.flags.writeable = False
            object.__setattr__(self, field.name, array)

    @property
    def diverged_at(self) -> int | None:
        """First step of the history whose training loss is not finite; None if there is none."""
        bad = np.flatnonzero(~np.isfinite(self.train_loss))
        return int(self.step[bad[0]]) if bad.size else None


@checked
def train(
    model: nn.Module,
    samples: Samples,
    *,
    steps: int = 6000,
    optimizer: Optimizer = "adam",
    momentum: float = 0.9,
    loss: Loss | None = None,
    learning_rate: float = 0.01,
    schedule: Schedule = "cosine",
    batch_size: int | None = 512,
    seed: int = 0,
    history_every: int = 50,
    on_step: Callable[[int], object] | None = None,
    progress: bool = True,
) -> TrainingHistory:
    """Train a model, in place, to take the values of the samples.

    Parameters
    ----------
    model : nn.Module
        From (n, d) to (n, 1), or to (n, K) for K categories. Its mode (train or eval), dtype and device are left as
        they are.
    samples : Samples
        Their values say what is learnt: floats, or the numbers of categories.
    steps : int
        Number of updates.
    optimizer : {"adam", "sgd"}
        As torch has them, with its defaults.
    momentum : float
        Of "sgd"; 0 for none.
    loss : {"mse", "cross-entropy"} or None
        Mean squared error, or the cross-entropy of the softmax of the outputs, in nats. None is the former for floats
        and the latter for categories. The mean squared error of categories is that of K outputs from 1 for the right
        category and 0 for the others, over points and outputs.
    learning_rate : float
        Of the first step.
    schedule : {"cosine", "constant"}
        How the learning rate goes on: down to 0 along half a cosine, or not at all.
    batch_size : int or None
        Training points per step, each epoch in another order and its incomplete last batch left out; None, or at least
        as many as there are, takes all points in every step.
    seed : int
        Of the order of the points. With the same seed, model, samples and torch build the weights come out the same.
    history_every : int
        Steps between two entries of the history.
    on_step : callable or None
        Called with the number of updates made so far, from 0 to `steps`; a `Recorder` for instance.
    progress : bool
        Whether to draw a progress bar on stderr.

    Returns
    -------
    TrainingHistory

    Raises
    ------
    OptionError
        An option out of its range or of another kind; a model without parameters to train.
    DimensionError
        Samples that do not fit the model.
    MissingExtraError
        torch is not installed.

    Notes
    -----
    A loss that is no finite number any more stops nothing; the progress bar and `TrainingHistory.diverged_at` say so.
    Small networks train fastest in one thread, so torch is held to one meanwhile, and set back afterwards.
    Cost: measured on one core, 0.5 ms per step for six layers of 14 neurons and 512 points.
    """
    require("torch", extra="torch", purpose="training")
    import torch
    from torch.nn.functional import cross_entropy, mse_loss

    validate.instance(model, torch.nn.Module, name="the model")
    validate.instance(samples, Samples, name="`samples`", advice="Draw them from an image with `sample`.")
    validate.option(schedule, name="`schedule`", allowed=SCHEDULES)
    validate.option(optimizer, name="`optimizer`", allowed=OPTIMIZERS)
    validate.number(learning_rate, name="`learning_rate`", positive=True)
    if not 0 <= validate.number(momentum, name="`momentum`") < 1:
        raise OptionError(f"`momentum` should be at least 0 and below 1, but received {momentum}.")
    validate.count(steps, name="`steps`", least=0)
    validate.count(history_every, name="`history_every`")
    if batch_size is not None:
        validate.count(batch_size, name="`batch_size`")
    seed = validate.seed(seed)
    validate.function(on_step, name="`on_step`")
    kind = _kind_of_loss(loss, samples)
    example = next((parameter for parameter in model.parameters() if parameter.requires_grad), None)
    if example is None:
        has = "none of which requires a gradient" if any(True for _ in model.parameters()) else "and this one has none"
        raise OptionError(f"training changes the parameters of a model, {has}: {type(model).__name__}.")
    train_points, validation_points = (
        torch.tensor(points).to(example) for points in (samples.train_points, samples.validation_points)
    )
    n_outputs = _check_fit(model, train_points, samples)
    train_wanted, validation_wanted = (
        _wanted(values, kind, n_outputs, example) for values in (samples.train_values, samples.validation_values)
    )
    batches = _batches(len(train_points), batch_size, torch.Generator().manual_seed(seed))
    method: torch.optim.Optimizer = (
        torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
        if optimizer == "adam"
        else torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=momentum)
    )
    criterion = mse_loss if kind == "mse" else cross_entropy
    history: list[tuple[int, float, float]] = []
    has_diverged = False

    def report(step: int, shown: Any) -> None:
        nonlocal has_diverged
        if step % history_every == 0 or step == steps:
            with torch.no_grad(), in_eval_mode(model):
                train_loss = float(criterion(model(train_points), train_wanted))
                validation_loss = (
                    float(criterion(model(validation_points), validation_wanted)) if len(validation_points) else np.nan
                )
            history.append((step, train_loss, validation_loss))
            shown.set_postfix(loss=f"{train_loss:.4f}", refresh=False)
            if not np.isfinite(train_loss) and not has_diverged:
                has_diverged = True
                shown.write(f"training diverged by step {step}; lower the learning rate", file=sys.stderr)
        if on_step is not None:
            on_step(step)

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with bar(progress, range(1, steps + 1), desc="training", unit="step") as shown:
            report(0, shown)
            for step in shown:
                if schedule == "cosine":
                    rate = learning_rate * (1 + np.cos(np.pi * (step - 1) / steps)) / 2
                    for group in method.param_groups:
                        group["lr"] = rate
                batch = next(batches)
                method.zero_grad()
                criterion(model(train_points[batch]), train_wanted[batch]).backward()  # type: ignore[no-untyped-call]
                method.step()
                report(step, shown)
    finally:
        torch.set_num_threads(n_threads)
    step_column, train_column, validation_column = zip(*history, strict=True)
    return TrainingHistory(np.array(step_column), np.array(train_column), np.array(validation_column))


def _kind_of_loss(loss: str | None, samples: Samples) -> str:
    """The loss asked for, or that which the samples suggest."""
    if loss is None:
        return "cross-entropy" if samples.is_categorical else "mse"
    if validate.option(loss, name="`loss`", allowed=LOSSES) == "cross-entropy" and not samples.is_categorical:
        raise OptionError(
            "the cross-entropy needs values that are the numbers of categories, integers, but received floats. Make "
            "such a target with `categories(image, n)`, or choose loss='mse'."
        )
    return loss


def _check_fit(model: nn.Module, points: torch.Tensor, samples: Samples) -> int:
    """The number of outputs, if the model takes these samples."""
    import torch

    try:
        with torch.no_grad(), in_eval_mode(model):
            answer = model(points[:1])
    except Exception as error:  # whatever the model's own code raises
        raise DimensionError(f"the model does not take points with {points.shape[1]} coordinates: {error}.") from error
    if not isinstance(answer, torch.Tensor):
        raise DimensionError(f"the model should answer with one tensor, but answers with {type(answer).__name__}.")
    shape = tuple(answer.shape)
    if not samples.is_categorical:
        if shape != (1, 1):
            raise DimensionError(
                f"the model should have one output per point, but one point gives shape {shape}. For categories the "
                "values should be integers."
            )
        return 1
    n_categories = 1 + int(max(values.max(initial=0) for values in (samples.train_values, samples.validation_values)))
    if len(shape) != 2 or shape[1] < max(2, n_categories):
        raise DimensionError(
            f"the model should have one output for each of the {n_categories} categories, at least 2, but one point "
            f"gives shape {shape}. If the values are no categories, they should be floats."
        )
    return int(shape[1])


def _wanted(values: ArrayLike, loss: str, n_outputs: int, example: torch.Tensor) -> torch.Tensor:
    """What the loss compares the outputs with."""
    import torch
    from torch.nn.functional import one_hot

    tensor = torch.tensor(values)
    if loss == "cross-entropy":
        return tensor.to(example.device)
    return (tensor[:, None] if tensor.is_floating_point() else one_hot(tensor, n_outputs)).to(example)


def _batches(n_points: int, batch_size: int | None, generator: torch.Generator) -> Iterator[slice | torch.Tensor]:
    """Endless batches: everything, or pieces of one random order after another."""
    import torch

    if batch_size is None or batch_size >= n_points:
        while True:
            yield slice(None)
    while True:
        order = torch.randperm(n_points, generator=generator)
        for start in range(0, n_points - batch_size + 1, batch_size):
            yield order[start : start + batch_size]
