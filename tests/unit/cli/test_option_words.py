"""Arguments as options."""

from __future__ import annotations

import argparse

import pytest

from polytope_lens.cli.option_words import in_options

PARSER = argparse.ArgumentParser()
for name in (
    "--max-regions",
    "--resume",
    "--input-shape",
    "--order",
    "--box",
    "--output",
    "--output-index",
    "--outputs",
    "-o",
):
    PARSER.add_argument(name)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Raise `max_regions`.", "Raise `--max-regions`."),
        ("Go on with `resume=True`, or resume=True.", "Go on with `--resume`, or --resume."),
        ("stopped at max_regions=3 with 5 left.", "stopped at --max-regions 3 with 5 left."),
        ("stopped at max_regions=3.", "stopped at --max-regions 3."),
        ("which only order='breadth' knows", "which only --order breadth knows"),
        ("Say `input_shape=(3, 4)`.", "Say `--input-shape 3 4`."),
        ("Say `input_shape=(3,)`.", "Say `--input-shape 3`."),
        ("Say `outputs=['a', 'b']`.", "Say `--outputs a b`."),
        ("a smaller `domain`", "a smaller `--box`"),
        ("`output` goes with `value`", "`--output-index` goes with `value`"),
        ("`lens.explore(x, max_regions=2)`, `max_regions()`", "`lens.explore(x, max_regions=2)`, `max_regions()`"),
        ("`o` and `x` and `h`", "`o` and `x` and `h`"),
        ("no argument at all", "no argument at all"),
    ],
)
def test_arguments_are_told_as_options(told, expected):
    assert in_options(told, PARSER) == expected
