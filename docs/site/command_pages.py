"""The page of the command line, from the parsers themselves."""

from __future__ import annotations

import argparse
import re

from polytope_lens.cli import command_parser


def page() -> str:
    """All commands, each with its arguments and options, in MyST's Markdown."""
    commands = _commands()
    lines = ["| command | |", "|---|---|"]
    lines += [f"| [`{name}`](#{name}) | {_cell(sub.description)} |" for name, sub in commands.items()]
    for name, sub in commands.items():
        usage = re.sub(r"\s+", " ", sub.format_usage().removeprefix("usage: "))
        lines += ["", f"## {name}", "", sub.description or "", "", "```text", *_wrapped(usage.strip()), "```", ""]
        rows = [row for action in sub._actions if (row := _row(sub, action))]
        lines += ["| argument | |", "|---|---|", *rows] if rows else []
        lines += ["", "```text", sub.epilog, "```"] if sub.epilog else []
    return "\n".join([*lines, ""])


def _commands() -> dict[str, argparse.ArgumentParser]:
    parser = command_parser()
    [found] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(found.choices)


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """A line of the table of a command's arguments; nothing for ``--help``."""
    if isinstance(action, argparse._HelpAction) or action.help == argparse.SUPPRESS:
        return ""
    formatter = parser._get_formatter()
    name = formatter._format_action_invocation(action)
    told = formatter._expand_help(action) if action.help else ""
    return f"| `{_cell(name)}` | {_cell(told)} |"


def _cell(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _wrapped(usage: str) -> list[str]:
    """A usage line in lines of at most 100 characters, broken between arguments."""
    lines = [""]
    for part in re.findall(r"\[[^]]*(?:\[[^]]*\][^]]*)*\]|\S+", usage):
        if len(lines[-1]) + len(part) > 100:
            lines.append("   ")
        lines[-1] += f"{' ' if lines[-1].strip() or len(lines) > 1 else ''}{part}"
    return lines
