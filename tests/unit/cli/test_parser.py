"""The parser: numbers, mistakes, help."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from polytope_lens.cli import EXIT_CODES, command_parser, main
from polytope_lens.cli.parser import Parser, meant, number


@pytest.mark.parametrize(
    "text", ["-1", "-1e-3", "-1E+5", "-.5", "-.5e2", "-1.", "-1.e0", "-1_000", "-inf", "-Infinity"]
)
def test_every_negative_number_is_one(text):
    parser = Parser()
    parser.add_argument("x", type=number, nargs="+")
    parser.add_argument("--box", type=number, nargs="+")
    assert parser.parse_args([text, "2", text]).x == [float(text), 2, float(text)]
    assert parser.parse_args(["0", "--box", text, text]).box == [float(text)] * 2


@pytest.mark.parametrize("text", ["-1e", "-e5", "-x", "-1x", "-1e5.5", "--1", "-."])
def test_what_is_no_number_is_no_argument(text):
    parser = Parser()
    parser.add_argument("x", type=number, nargs="+")
    with pytest.raises(SystemExit):
        parser.parse_args(["0", text])


def told_by(capsys, *words):
    """The one sentence by which a command line is refused."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    streams = capsys.readouterr()
    assert (ended.value.code, streams.out, streams.err.count("\n")) == (2, "", 1)
    return streams.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("cuont net.npz", "there is no command 'cuont'; did you mean `count`? `polytope-lens --help` lists"),
        ("xyzzy", "there is no command 'xyzzy'. `polytope-lens --help` lists"),
        ("count net.npz --boxx 1 2", "--boxx 1 2; did you mean `--box`? `polytope-lens count --help` lists"),
        ("plot net.npz --outptu=a.png", "required: -o/--output; did you mean `--output`? `polytope-lens plot --help`"),
        ("count net.npz --engine spilt", "invalid choice: 'spilt'; did you mean `split`? (choose from auto, "),
        ("count net.npz --max-region 3", "did you mean `--max-regions`?"),  # no abbreviations
        ("count net.npz --box -1,1", "'-1,1' is not a number; numbers are separated by spaces."),
        ("count net.npz --box 1x 1", "argument --box: '1x' is not a number."),
        ("path net.npz 0 0 1 1 --from", "unrecognized arguments: --from. `polytope-lens path --help`"),
        ("film -o a.gif --points 3", "did you mean `--n-points`?"),
    ],
)
def test_mistakes_are_told_with_what_was_meant(capsys, words, says):
    assert says in told_by(capsys, *words.split())


def test_only_near_words_are_meant():
    assert meant(["--verson", "--bxo"], ["--version", "--box"]) == "; did you mean `--version` and `--box`?"
    assert meant(["--quite-another"], ["--version", "--box"]) == meant([], ["--box"]) == ""


PARSER = command_parser()
(COMMANDS,) = (action.choices for action in PARSER._actions if action.dest == "==SUPPRESS==")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_examples_that_are_understood(name):
    lines = COMMANDS[name].format_help().splitlines()
    head = max(k for k, line in enumerate(lines) if line in ("example:", "examples:"))
    examples = lines[head + 1 :]
    assert examples and (lines[head] == "examples:") == (len(examples) > 1)
    for example in examples:
        words = shlex.split(example.split(" > ")[0])
        assert words[:2] == ["polytope-lens", name]
        assert PARSER.parse_args(words[1:]).parser.prog == f"polytope-lens {name}"


def test_commands_in_documents_are_understood():
    root = Path(__file__).parents[3]
    pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md"))]
    found = [
        words for page in pages for words in re.findall(r"^\$ (?:until )?polytope-lens(.*)", page.read_text(), re.M)
    ]
    assert len(found) > 20
    for words in found:
        if not words.startswith(" cuont"):
            PARSER.parse_args(shlex.split(re.match("(?:'[^']*'|[^#;>|&'])*", words)[0]))


def test_exit_codes_are_documented():
    page = (Path(__file__).parents[3] / "docs" / "command_line.md").read_text()
    codes = re.findall(r"^  (\d+) ", EXIT_CODES, re.M)
    assert codes == re.findall(r"^\| (\d+) \|", page, re.M) == ["0", "1", "2", "3", "130", "141"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name):
    assert all(action.help for action in COMMANDS[name]._actions)


def test_help_tells_defaults_once(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    told = COMMANDS["count"].format_help()
    assert "threads that share the work (default: 1)" in told
    assert "brute (default: auto)" in told
    assert "print JSON\n" in told
    assert "(default: 1280 480)" in COMMANDS["film"].format_help()
    for name, sub in COMMANDS.items():
        assert all(line.count("default") <= 1 for line in sub.format_help().splitlines()), name


def test_one_word_means_one_thing():
    """Each option has the same number of values, and the same kind of them, wherever there is one."""
    meanings = {}
    for sub in COMMANDS.values():
        for action in sub._actions:
            for name in action.option_strings:
                several = action.nargs if name not in SEVERAL else None
                meanings.setdefault(name, set()).add((several, str(action.metavar)))
    assert {name: meaning for name, meaning in meanings.items() if len(meaning) > 1} == {}


# Options of an experiment may have several values, where a film has one of each.
SEVERAL = {option for action in COMMANDS["experiment"]._actions for option in action.option_strings}


def test_nothing_asked_for_is_told_by_help(capsys):
    assert main([]) == 0
    told = capsys.readouterr().out
    assert told.startswith("usage: polytope-lens ")
    assert "  3    the answer is incomplete" in told
    assert [name for name in COMMANDS if f"    {name}" not in told] == []
