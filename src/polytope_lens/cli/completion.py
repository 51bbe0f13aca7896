"""Completion for shells: a script for each, made from what the program understands.

The scripts are static, so that pressing TAB starts no Python. Files are completed as the shell does it.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

from polytope_lens.cli.arguments import add_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polytope_lens.cli.arguments import Commands

NAME = "polytope-lens"


class Option(NamedTuple):
    """What shells are told of an option, or of the arguments of a command, which have no names."""

    names: tuple[str, ...]
    text: str
    choices: tuple[str, ...]
    takes_value: bool


class Verb(NamedTuple):
    """A command and its options."""

    name: str
    text: str
    options: tuple[Option, ...]


def add(commands: Commands) -> None:
    """Add this command."""
    sub = add_command(
        commands, "completion", _completion, "A script by which a shell completes commands and options; print it.",
        "bash > ~/.local/share/bash-completion/completions/polytope-lens",
        'zsh > "${fpath[1]}/_polytope-lens"',
        "fish > ~/.config/fish/completions/polytope-lens.fish",
    )  # fmt: skip
    sub.add_argument("shell", choices=tuple(SCRIPTS), help="for which shell")


def _completion(arguments: argparse.Namespace) -> None:
    print(script(arguments.shell))


def script(shell: str) -> str:
    """What a shell has to read."""
    from polytope_lens.cli import command_parser

    return "\n".join(SCRIPTS[shell](verbs(command_parser())))


def verbs(parser: argparse.ArgumentParser) -> list[Verb]:
    """The commands of a parser, with their options."""
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return [
        Verb(action.dest, _line(action), tuple(map(_option, commands.choices[action.dest]._actions)))
        for action in commands._choices_actions
    ]


def _option(action: argparse.Action) -> Option:
    choices = tuple(map(str, action.choices or ()))
    return Option(tuple(action.option_strings), _line(action), choices, action.nargs != 0)


def _line(action: argparse.Action) -> str:
    """The beginning of a help, up to what would be too long."""
    return (action.help or "").partition("; one of ")[0].partition(": ")[0].rstrip(".")


def _bash(found: list[Verb]) -> Iterator[str]:
    yield f"# Completion of {NAME} for bash, made by `{NAME} completion bash`."
    yield "_polytope_lens() {"
    yield "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words="
    yield "    if [[ $COMP_CWORD -eq 1 ]]; then"
    yield f"        words={quoted(' '.join([*(verb.name for verb in found), '--help', '--version']))}"
    yield "    else"
    yield '        case "${COMP_WORDS[1]} $previous" in'
    for verb, option, name in _closed(found):
        yield f"            {quoted(f'{verb.name} {name}')}) words={quoted(' '.join(option.choices))} ;;"
    yield "        esac"
    yield '        if [[ -z $words && $current == -* ]]; then case "${COMP_WORDS[1]}" in'
    for verb in found:
        yield f"            {verb.name}) words={quoted(' '.join(name for o in verb.options for name in o.names))} ;;"
    yield "        esac; fi"
    yield "    fi"
    yield '    COMPREPLY=($(compgen -W "$words" -- "$current"))'  # not mapfile, which macOS's bash has not
    yield "}"
    yield f"complete -o bashdefault -o default -F _polytope_lens {NAME}"


def _zsh(found: list[Verb]) -> Iterator[str]:
    yield f"#compdef {NAME}"
    yield f"# Completion of {NAME} for zsh, made by `{NAME} completion zsh`."
    yield "_polytope_lens() {"
    yield "    local -a items"
    yield "    if (( CURRENT == 2 )); then"
    yield f"        items=({' '.join(_described(verb.name, verb.text) for verb in found)})"
    yield "        _describe command items"
    yield "        return"
    yield "    fi"
    yield '    case "$words[2] $words[CURRENT-1]" in'
    for verb, option, name in _closed(found):
        yield f"        ({quoted(f'{verb.name} {name}')}) compadd -- {' '.join(option.choices)}; return ;;"
    yield "    esac"
    yield "    if [[ $words[CURRENT] != -* ]]; then _files; return; fi"
    yield '    case "$words[2]" in'
    for verb in found:
        named = (_described(name, option.text) for option in verb.options for name in option.names)
        yield f"        ({verb.name}) items=({' '.join(named)}) ;;"
    yield "    esac"
    yield "    _describe -o option items"
    yield "}"
    yield f'if [[ $funcstack[1] == _{NAME} ]]; then _polytope_lens "$@"; else compdef _polytope_lens {NAME}; fi'


def _fish(found: list[Verb]) -> Iterator[str]:
    yield f"# Completion of {NAME} for fish, made by `{NAME} completion fish`."
    for verb in found:
        yield f"complete -c {NAME} -n __fish_use_subcommand -f -a {verb.name} -d {quoted(verb.text)}"
    for verb in found:
        for option in verb.options:
            named = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
            if option.choices:
                named.append(f"{'-x' if named else '-f'} -a {quoted(' '.join(option.choices))}")
            elif named and option.takes_value:
                named.append("-r")
            if named:
                after = f"complete -c {NAME} -n '__fish_seen_subcommand_from {verb.name}'"
                yield f"{after} {' '.join(named)} -d {quoted(option.text)}"


def _closed(found: list[Verb]) -> Iterator[tuple[Verb, Option, str]]:
    """Options with a closed list of values, by each of the names that these come after."""
    return (
        (verb, option, name)
        for verb in found
        for option in verb.options
        if option.choices
        for name in option.names or (verb.name,)
    )


def quoted(text: str) -> str:
    """One word for each of the shells."""
    from shlex import quote  # help does without

    return quote(text)


def _described(name: str, text: str) -> str:
    """A word of a list for zsh."""
    return quoted(f"{name.replace(':', chr(92) + ':')}:{text}")


SCRIPTS: dict[str, Callable[[list[Verb]], Iterator[str]]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
