"""The experiments of the posts by name: each one function, and ``polytope-lens experiment NAME``.

The posts are *Some experiments to help me understand Neural Nets better* (1 to 4, July 2024 to May 2025); they show
sampled pictures, these are the true ones. They do not say how many points each step took, nor the learning rate. Here a
step takes 512 points at random, and the learning rate falls from the one given to 0 along half a cosine: each
experiment's own was chosen so that its networks train reliably. With `batch` at least `n_points`, every step takes all.
The times that the descriptions name are estimates for two cores that do nothing else.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polytope_lens._arrays import validate
from polytope_lens.errors import OptionError
from polytope_lens.experiments.crease import crease_films
from polytope_lens.experiments.run import Run, RunSetting, learn
from polytope_lens.experiments.toy.models import equal_parameters
from polytope_lens.io.files import write_text
from polytope_lens.io.text_table import text_table

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence


NAMES = tuple(field.name for field in fields(RunSetting))
COLUMNS = (
    "target", "shape", "parameters", "points", "seed", "train loss", "validation loss", "true error", "regions",
    "with training points", "N^2/2",
)  # fmt: skip

MOST_FOLDED = 20_000
SECONDS = 8  # that a film lasts, if it has frames enough


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What an experiment found and wrote.

    Parameters
    ----------
    name : str
    runs : tuple of Run
        One for each combination of options.
    files : tuple of Path
    """

    name: str
    runs: tuple[Run, ...]
    files: tuple[Path, ...]

    def table(self) -> list[dict[str, Any]]:
        """One row for each run: what `COLUMNS` names. Regions are counted exactly, N is the number of neurons."""
        return [dict(zip(COLUMNS, _row(run), strict=True)) for run in self.runs]


def post1_crease(folder: str | os.PathLike[str] = "post1-crease", *, frames: int = 60, progress: bool = True) -> Result:
    """One neuron as a sheet with one crease: three films, in which a, then b, then c moves; 20 seconds."""
    paths = crease_films(folder, frames=frames, suffix=film_suffix(), progress=progress)
    return _announced(Result("post1-crease", (), tuple(paths)))


def post1(folder: str | os.PathLike[str] = "post1", **options: Any) -> Result:
    """One layer of 10 and of 500 neurons learns a disc and a photograph; 1 minute."""
    defaults = {
        "target": ("disc", "photograph"), "shape": ("10", "500"), "steps": 3000, "learning_rate": 0.01,
        "target_size": 512, "frames": 60,
    }  # fmt: skip
    return _experiment("post1", folder, options, defaults)


def post2(folder: str | os.PathLike[str] = "post2", **options: Any) -> Result:
    """Deep networks learn a ring: 6 layers of 14; and 10 of 10, then one of 2, then 3 of 10; 1 minute."""
    defaults = {"shape": ("14x6", "10x10,2,10x3"), "learning_rate": 0.003}
    return _experiment("post2", folder, options, defaults)


def post3(folder: str | os.PathLike[str] = "post3", **options: Any) -> Result:
    """30 layers of 30 neurons learn a ring from 5000 points down to 312: do they overfit? 10 minutes."""
    defaults = {
        "shape": "30x30", "n_points": (5000, 2500, 1250, 625, 312), "learning_rate": 0.001, "frames": 24, "pace": 2.0,
    }  # fmt: skip
    return _experiment("post3", folder, options, defaults, against="points")


def categorical(folder: str | os.PathLike[str] = "categorical", **options: Any) -> Result:
    """Classes and cross-entropy instead of grey levels and squares: two of the ring, three of moons; 1 minute."""
    common = {"categories": 3, "learning_rate": 0.003}
    each = ({"target": "ring", "categories": 2}, {"target": "moons"})
    defaults = [{**common, **own} for own in each] if "target" not in options else [common]
    return _experiment("categorical", folder, options, *defaults)


def depth(folder: str | os.PathLike[str] = "depth", **options: Any) -> Result:
    """A ring by networks of 1 to 8 layers with as many parameters as 6 layers of 14 have; 1 minute."""
    shapes = [equal_parameters(n, RunSetting().n_parameters)[1:-1] for n in range(1, 9)]
    defaults = {
        "shape": tuple(f"{widths[0]}x{len(widths)}" for widths in shapes), "learning_rate": 0.003, "frames": 40,
    }  # fmt: skip
    return _experiment("depth", folder, options, defaults, against="depth")


EXPERIMENTS: dict[str, Callable[..., Result]] = {
    "post1-crease": post1_crease,
    "post1": post1,
    "post2": post2,
    "post3": post3,
    "categorical": categorical,
    "depth": depth,
}


def experiment(name: str, folder: str | os.PathLike[str] | None = None, **options: object) -> Result:
    """Run an experiment by name.

    Parameters
    ----------
    name : str
        One of `EXPERIMENTS`.
    folder : path, optional
        Where its files go; made if it does not exist; by default the name of the experiment.
    **options
        Of `RunSetting`, each one value or a list of them: there is a run for each combination. And
        `progress`, whether to draw progress bars, and `workers`, the number of processes that measure and draw.

    Raises
    ------
    OptionError
        Another name, an option that the experiment does not have, or a value that is not allowed.
    """
    if not isinstance(name, str) or name not in EXPERIMENTS:
        raise OptionError(f"the experiments are {', '.join(EXPERIMENTS)}; received {name!r}.")
    if name == "post1-crease":
        options = _of_films(options)
    return EXPERIMENTS[name](name if folder is None else folder, **options)


def _of_films(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of an experiment that trains nothing: one number of frames."""
    unknown = sorted(set(options) - {"frames", "progress", "workers"})
    frames = options.get("frames", 60)
    frames = frames[0] if isinstance(frames, list | tuple) and len(frames) == 1 else frames
    if unknown or isinstance(frames, list | tuple):
        what = f"`{unknown[0]}`" if unknown else f"frames={frames!r}"
        raise OptionError(f"nothing is trained in post1-crease, which takes one number of `frames`; received {what}.")
    return {"frames": frames, "progress": options.get("progress", True)}


def about(name: str) -> str:
    """One line on an experiment: what it does, and about how long it takes."""
    return (EXPERIMENTS[name].__doc__ or "").strip().splitlines()[0]


def settings(defaults: Mapping[str, Any], options: Mapping[str, Any]) -> list[RunSetting]:
    """A setting for each combination of values, where an option has several, in the order in which they are given."""
    several = {
        name: tuple(given) if isinstance(given, list | tuple) else (given,)
        for name, given in {**defaults, **options}.items()
    }
    unknown = [name for name in several if name not in NAMES]
    if unknown:
        raise OptionError(f"an experiment has no option `{unknown[0]}`; its options are {', '.join(NAMES)}.")
    return [RunSetting(**dict(zip(several, values, strict=True))) for values in product(*several.values())]


def film_suffix() -> str:
    """The best kind of film that can be written: ``.mp4`` with PyAV, else ``.gif``."""
    from importlib.util import find_spec

    return ".mp4" if find_spec("av") else ".gif"


def _experiment(
    name: str,
    folder: str | os.PathLike[str],
    options: Mapping[str, Any],
    *defaults: Mapping[str, Any],
    against: str | None = None,
) -> Result:
    """Run every setting of each group of defaults, write its files, and a table and a figure that compare them."""
    given = dict(options)
    progress, workers = given.pop("progress", True), validate.workers(given.pop("workers", 2))
    planned = [setting for group in defaults for setting in settings(group, given)]
    if len({setting.slug for setting in planned}) < len(planned):
        raise OptionError(
            "runs in one folder should differ in target, shape, points, categories or seed, which their files are "
            "named by. Give the other options one value, and run the experiment once for each."
        )
    folder = validate.path(folder, name="the folder")
    folder.mkdir(parents=True, exist_ok=True)
    runs, files = [], []
    for setting in planned:
        print(f"{setting.target} from {setting.n_points} points: {setting.shape}, {setting.n_parameters:,} parameters")
        runs.append(learn(setting, workers=workers, progress=progress))
        files += write(runs[-1], folder, workers=workers, progress=progress)
    files += _compare(name, runs, folder, against)
    return _announced(Result(name, tuple(runs), tuple(files)))


def write(run: Run, folder: Path, *, workers: int = 2, progress: bool = True) -> list[Path]:
    """Write a run's film, recording, measurements, and pictures of its trained network; returns the files.

    Of a network with more than `MOST_FOLDED` regions there is no surface: nobody could see its folds.
    """
    from polytope_lens.experiments import pictures
    from polytope_lens.render.matplotlib import save_figure

    start = folder / run.setting.slug
    film, recorded, steps = (Path(f"{start}{end}") for end in (film_suffix(), ".npz", "_steps.csv"))
    fps = min(15.0, max(1.0, len(run.recording) / SECONDS))
    found, measures = run.partition, run.measures
    run.recording.film(film, fps=fps, workers=workers, progress=progress, measures=measures)
    run.recording.save(recorded)
    names = ["step", "train loss", "validation loss", "true error"]
    names += [f"regions after layer {layer}" for layer in range(measures.counts.shape[1])]
    columns = (measures.step, measures.train_loss, measures.validation_loss, measures.true_error, *measures.counts.T)
    _write_csv(steps, names, list(zip(*(column.tolist() for column in columns), strict=True)))
    figures = {}
    if found is not None:
        figures["creases"] = pictures.creases(found, run.image)
    if found is not None and len(found) <= MOST_FOLDED:
        figures["surface"] = pictures.folded(found)
    for what, figure in figures.items():
        save_figure(figure, f"{start}_{what}.png", 150)
    return [film, recorded, steps, *(Path(f"{start}_{what}.png") for what in figures)]


def _row(run: Run) -> list[Any]:
    setting, last = run.setting, run.measures
    neurons = sum(setting.layers[1:-1])
    return [
        setting.target, setting.shape, setting.n_parameters, setting.n_points, setting.seed, float(last.train_loss[-1]),
        float(last.validation_loss[-1]), float(last.true_error[-1]), run.n_regions, run.n_inhabited, neurons**2 // 2,
    ]  # fmt: skip


def _compare(name: str, runs: Sequence[Run], folder: Path, against: str | None) -> list[Path]:
    """The table as a file, and a figure where one thing varies."""
    from polytope_lens.experiments import pictures
    from polytope_lens.render.matplotlib import save_figure

    files = [folder / f"{name}.csv"]
    _write_csv(files[0], COLUMNS, [_row(run) for run in runs])
    if against is not None and len(runs) > 1:
        files.append(folder / f"{name}.png")
        save_figure(pictures.comparison(runs, against), files[-1], 150)
    return files


def _write_csv(path: Path, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([names, *rows])
    write_text(path, text.getvalue())


def _announced(result: Result) -> Result:
    """Print the table and the files."""
    if result.runs:
        print("\n" + format_table(result))
    print("\nwritten:")
    for path in result.files:
        print(f"  {path}")
    return result


def format_table(result: Result) -> str:
    """The table as text."""
    rows = [
        [f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row.values()] for row in result.table()
    ]
    return text_table(COLUMNS, rows)
