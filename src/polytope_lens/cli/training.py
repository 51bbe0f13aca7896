"""Commands that train: the demonstration, films, experiments by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens.cli.common import add_command

if TYPE_CHECKING:
    import argparse

    from polytope_lens.cli.common import Commands


def add(commands: Commands) -> None:
    """Add these commands."""
    demo = add_command(commands, "demo", _demo, "Train a network on a ring and look at its true polytopes.")
    demo.add_argument("-o", "--output", default="demo", help="folder for pictures and film (default: %(default)s)")
    demo.add_argument("--steps", type=int, default=6000)
    demo.add_argument("--seed", type=int, default=0)


def _demo(arguments: argparse.Namespace) -> None:
    from polytope_lens import demo

    demo.run(arguments.output, steps=arguments.steps, seed=arguments.seed)
