"""HTML for notebooks: tables, and words around them. All that is passed is text and is escaped here, but drawings."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEFT, SMALL = "text-align: left", "opacity: 0.7; font-size: 90%"


def card(title: str, *parts: str) -> str:
    """The HTML of an object: what it is, in bold, and parts below one another, those that are empty left out."""
    shown = "".join(part for part in parts if part)
    return f'<div class="polytope-lens"><div><b>{marked(title)}</b></div>{shown}</div>'


def beside(drawing: str, text: str) -> str:
    """A drawing, which is SVG, with HTML on its right, or below it where there is no room."""
    if not drawing:
        return text
    gap = "display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start"
    return f'<div style="{gap}"><div>{drawing}</div><div>{text}</div></div>'


def note(text: str) -> str:
    """A line of small words."""
    return f'<div style="{SMALL}">{marked(text)}</div>' if text else ""


def ask(*calls: str) -> str:
    """A line of what can be asked next."""
    return f'<div style="{SMALL}">Ask: {", ".join(f"<code>{escape(call)}</code>" for call in calls)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]], more: str = "", colors: Sequence[str] = ()) -> str:
    """A table of texts.

    Parameters
    ----------
    head : texts
    rows : rows of texts or numbers
        Numbers stand on the right.
    more : str
        What is told below of rows left out.
    colors : colours, optional
        A dot of this colour goes before each of the first rows.
    """
    top = "".join(f'<th style="{LEFT}">{marked(text)}</th>' for text in head)
    body = []
    for i, row in enumerate(rows):
        dot = f'<span style="color: {colors[i]}">&#9679;</span> ' if i < len(colors) else ""
        cells = "".join(_cell(value, dot * (k == 0)) for k, value in enumerate(row))
        body.append(f"<tr>{cells}</tr>")
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(body)}</tbody></table>{note(more)}"


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """A table of two columns without a head: what, and how much."""
    rows = (f'<tr><th style="{LEFT}">{marked(name)}</th>{_cell(value, "")}</tr>' for name, value in pairs)
    return f"<table><tbody>{''.join(rows)}</tbody></table>"


def _cell(value: object, dot: str) -> str:
    side = "right" if isinstance(value, int | float) else "left"
    return f'<td style="text-align: {side}">{dot}{marked(str(value))}</td>'


def marked(text: str) -> str:
    """Text as HTML: numbers of variables below the line, and code where it stands between backticks.

    Examples
    --------
    >>> marked("0.5 x0 - x12 <= 1, see `facets`")
    '0.5 x<sub>0</sub> &minus; x<sub>12</sub> &le; 1, see <code>facets</code>'
    """
    shown = re.sub(r"(?<![#\w])([xy])(\d+)\b", r"\1<sub>\2</sub>", escape(text))
    shown = re.sub(r"`([^`]+)`", r"<code>\1</code>", shown)
    shown = re.sub(r"(^|(?<=[\s(\[]))-(?=[\s\d])", "&minus;", shown)
    return shown.replace("&lt;=", "&le;").replace("-&gt;", "&rarr;")
