"""Commands that train: the demonstration, films, experiments by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from polytope_lens.cli.arguments import Choices, add_choice, add_command, add_workers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from polytope_lens.cli.arguments import Commands

# Option of the command line, how it is read, and what it says.
SETTING: dict[str, tuple[Callable[[str], object], str, str]] = {
    "target": (str, "NAME", "ring, disc, moons, spiral, checkerboard, photograph, text:WORDS, or an image file"),
    "shape": (str, "SHAPE", "hidden layers, such as 14x6 (six of 14 neurons) or 10x10,2,10x3"),
    "n_points": (int, "N", "training points"),
    "n_validation": (int, "N", "validation points"),
    "steps": (int, "N", "steps of Adam"),
    "learning_rate": (float, "X", "of the first step (deep networks: 0.001); it falls to 0 along half a cosine"),
    "batch": (int, "N", "training points in each step"),
    "seed": (int, "N", "of the points, the initial weights and the batches"),
    "frames": (int, "N", "so many steps are recorded after the first, and become frames"),
    "pace": (float, "X", "1 spaces them evenly, 2 has them closer together at the start"),
    "target_size": (int, "N", "pixels per side of the target"),
    "categories": (int, "K", "learn classes by cross-entropy: the target cut into K steps of grey; 0: grey levels"),
}  # fmt: skip


def add(commands: Commands) -> None:
    """Add these commands."""
    film = add_command(
        commands, "film", _film, "Train a network on an image, and film its true polytopes.",
        "--target ring --shape 14x6 --n-points 5000 --steps 6000 -o ring.mp4",
    )  # fmt: skip
    film.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="film to write: .mp4, .gif or .webp, or page to explore: .html",
    )
    _add_setting(film, several=False)
    panels = Choices("training.films.film", "PANELS")
    add_choice(film, "--panels", panels, "one to four, by default the first three", nargs="+")
    film.add_argument("--no-curves", action="store_true", help="no losses and numbers of regions beside the panels")
    film.add_argument("--size", nargs=2, type=int, default=(1280, 480), metavar=("W", "H"), help="pixels of a frame")
    film.add_argument("--fps", type=float, default=30.0, metavar="X", help="frames per second")

    experiment = add_command(
        commands, "experiment", _experiment, "An experiment of the posts by name; without a name, the list of them.",
        "post3 --n-points 625 312 --folder overfit",
    )  # fmt: skip
    experiment.add_argument("name", nargs="?", help="such as post2; every option may be given several values")
    experiment.add_argument("--folder", metavar="FOLDER", help="where its files go (default: its name)")
    _add_setting(experiment, several=True)

    demo = add_command(
        commands, "demo", _demo, "Train a network on a ring and look at its true polytopes.", "--folder demo --live"
    )
    demo.add_argument("--folder", default="demo", metavar="FOLDER", help="where pictures, film and network go")
    demo.add_argument("--steps", type=int, default=6000, metavar="N", help="steps of Adam")
    demo.add_argument("--seed", type=int, default=0, metavar="N", help="of the points, the weights and the batches")
    demo.add_argument("--live", action="store_true", help="show the polytopes in a page while it trains")
    _add_work(demo)


def _add_work(sub: argparse.ArgumentParser) -> None:
    add_workers(sub, "processes that measure and draw", default=2)
    sub.add_argument("--quiet", action="store_true", help="no progress bars")


def _add_setting(sub: argparse.ArgumentParser, *, several: bool) -> None:
    """Options of `RunSetting`; those not given keep their defaults."""
    for name, (kind, metavar, text) in SETTING.items():
        nargs: Any = "+" if several else None
        sub.add_argument(f"--{name.replace('_', '-')}", type=kind, nargs=nargs, metavar=metavar, help=text)
    _add_work(sub)


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options of a setting that were given."""
    return {name: getattr(arguments, name) for name in SETTING if getattr(arguments, name) is not None}


def _film(arguments: argparse.Namespace) -> None:
    from polytope_lens.experiments.run import RunSetting, record
    from polytope_lens.render.encoders import check_film
    from polytope_lens.render.explorer.explorer import check_name

    setting, progress = RunSetting(**_given(arguments)), not arguments.quiet
    is_page = Path(arguments.output).suffix.lower() == ".html"
    if is_page:  # before the minutes of training
        check_name(arguments.output)
    else:
        check_film(arguments.output, arguments.fps)
    recording, _ = record(setting, progress=progress)
    if is_page:
        page = recording.explorer(arguments.output, workers=arguments.workers, progress=progress)
        print(f"{arguments.output}: {page}")
        return
    recording.film(
        arguments.output,
        panels=arguments.panels,
        curves=not arguments.no_curves,
        size=tuple(arguments.size),
        fps=arguments.fps,
        workers=arguments.workers,
        progress=progress,
    )
    print(f"{arguments.output}: {len(recording)} frames, from step 0 to {recording.steps[-1]}")


def _experiment(arguments: argparse.Namespace) -> None:
    from polytope_lens.experiments.posts import EXPERIMENTS, about, experiment

    if arguments.name is None:
        width = max(map(len, EXPERIMENTS))
        for name in EXPERIMENTS:
            print(f"{name.ljust(width)}  {about(name)}")
        return
    options = {"workers": arguments.workers, "progress": not arguments.quiet, **_given(arguments)}
    experiment(arguments.name, arguments.folder, **options)


def _demo(arguments: argparse.Namespace) -> None:
    from polytope_lens.experiments import demo

    demo.run(
        arguments.folder, steps=arguments.steps, seed=arguments.seed, workers=arguments.workers, live=arguments.live,
        progress=not arguments.quiet,
    )  # fmt: skip
