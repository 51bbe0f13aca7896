"""Every line of code in README.md runs: its block, the calls of its table, its commands. Its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from polytope_lens import Box
from polytope_lens.cli import main
from polytope_lens.cli.example_files import write_examples

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ANSWERS = re.findall(r"^\|.*\|(.*)\|$", README, flags=re.MULTILINE)
CALLS = [call for cell in ANSWERS for call in re.findall(r"`([^`]+)`", cell)]
COMMANDS = [
    line for line in [*re.findall(r"^\$ (.*)$", README, flags=re.MULTILINE), *CALLS] if "polytope-lens " in line
]
LONG = ("polytope-lens demo",)  # tests/unit/experiments/test_demo.py runs it


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """What the blocks have defined, and a model of torch."""
    torch = pytest.importorskip("torch")
    defined: dict[str, object] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("readme"))
        for block in re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL):
            exec(block, defined)
        assert Path("polytopes.png").stat().st_size > 10_000
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    return defined | {"model": model}


def test_the_block_prints_what_the_page_says(names):
    told = re.search(r"^```text\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)[1]
    assert str(names["region"].inequalities().facets()).split() == told.split()
    assert isinstance(names["box"], Box)
    assert f"every polytope: {len(names['partition']):,}".replace(",", " ") in README


@pytest.mark.parametrize("call", [call for call in CALLS if call not in COMMANDS])
def test_calls_of_the_table_run(call, names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert eval(call, dict(names)) is not None


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in LONG])
def test_commands_run(command, names, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if "net.npz" in command:
        write_examples(tmp_path)
    if "verify" in command:
        names["lens"].count(names["box"], proof="run.proof")
    program, *arguments = shlex.split(command)
    assert program == "polytope-lens"
    assert main(arguments) == 0
    assert capsys.readouterr().out


def test_it_is_short_and_its_links_lead_somewhere():
    assert len(README.splitlines()) <= 120
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target.partition("#")[0]).exists(), target
