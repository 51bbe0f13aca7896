"""Completion, as the shells do it."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from polytope_lens.cli import command_parser, main
from polytope_lens.cli.completion import SCRIPTS, script, verbs


def needs(shell):
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"needs {shell}")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_verbs_are_those_of_the_program():
    found = {verb.name: {name: o for o in verb.options for name in o.names} for verb in verbs(command_parser())}
    assert {"count", "level-set", "doctor", "completion"} <= set(found)
    assert found["explore"]["--order"].choices == ("distance", "breadth")
    assert (found["count"]["--json"].takes_value, found["count"]["--box"].takes_value) == (False, True)
    assert found["export"]["--format"].text == "by default what the name of the output ends in"


def test_scripts_are_printed(capsys):
    for shell in SCRIPTS:
        assert main(["completion", shell]) == 0
        assert capsys.readouterr().out == script(shell) + "\n"
    with pytest.raises(SystemExit):
        main(["completion", "csh"])
    assert "did you mean `zsh`? (choose from bash, zsh, fish)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["co"], ["count", "compare", "completion"]),
        (["--v"], ["--version"]),
        (["count", "--e"], ["--everywhere", "--engine"]),
        (["count", "--engine", "s"], ["subdivide", "split"]),
        (["count", "net.npz", "--box", "-1", "1", "--j"], ["--json"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["count", "ne"], []),  # left to the shell, which completes files
    ],
)
class TestShells:
    @needs("bash")
    @pytest.mark.skipif(sys.platform == "win32", reason="another bash")
    def test_bash(self, tmp_path, words, expected):
        (tmp_path / "script").write_text(script("bash"))
        ask = f'source {tmp_path / "script"}; COMP_WORDS=(polytope-lens "$@"); COMP_CWORD=$#; _polytope_lens'
        found = run("bash", "-c", f'{ask}; printf "%s\\n" "${{COMPREPLY[@]}}"', "bash", *words)
        assert found.split() == expected

    @needs("fish")
    def test_fish(self, tmp_path, words, expected):
        if words[-1] in ("", "--v") or not expected:
            pytest.skip("fish has files and its own options there")
        (tmp_path / "script").write_text(script("fish"))
        found = run("fish", "-c", f"source {tmp_path / 'script'}; complete -C 'polytope-lens {' '.join(words)}'")
        assert sorted(line.split("\t")[0] for line in found.splitlines()) == sorted(expected)

    @needs("zsh")
    def test_zsh(self, tmp_path, words, expected):
        stubs = "compadd() { shift; print -l -- $@ }; _files() { }; compdef() { }"
        stubs += '\n_describe() { print -l -- "${(@)items%%:*}" }\n'
        (tmp_path / "script").write_text(f'{stubs}{script("zsh")}\nwords=(polytope-lens "$@")\nCURRENT=$#words\n')
        found = run("zsh", "-f", "-c", f"source {tmp_path / 'script'}; _polytope_lens", "zsh", *words).split()
        if words != ["--v"]:
            assert [word for word in found if word.startswith(words[-1])] == expected
