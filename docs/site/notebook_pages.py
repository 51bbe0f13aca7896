"""Notebooks as pages: each is run in a kernel, and what its cells show stands below them.

What was run is kept beside the pages and taken again while the notebook is the same; `make clean` forgets it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ORDER = ("image/png", "text/html", "image/svg+xml", "text/markdown", "text/plain")
"""Of the forms that an output has, the first of these is shown."""


def run(path: Path, kept: Path) -> Path:
    """A notebook with what its cells show, in the folder `kept`."""
    text = path.read_bytes()
    done = kept / f"{path.stem}-{hashlib.sha256(text).hexdigest()[:16]}.ipynb"
    if not done.exists():
        kept.mkdir(parents=True, exist_ok=True)
        done.write_text(json.dumps(_run(text.decode())), encoding="utf-8")
    return done


def page(path: Path, name: str, linked: Callable[[str], str]) -> tuple[str, dict[str, bytes]]:
    """The page of a notebook, in MyST's Markdown, with its links as `linked` makes them, and its pictures by name."""
    lines: list[str] = []
    pictures: dict[str, bytes] = {}
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            lines += ["```python", _text(cell["source"]), "```", ""]
            for place, output in enumerate(cell["outputs"]):
                lines += _output(output, f"{name}_{number}_{place}.png", pictures)
        else:
            lines += [linked(_text(cell["source"])), ""]
    return "\n".join(lines), pictures


def _run(text: str) -> dict[str, Any]:
    """The notebook with what its cells show; a cell that fails fails the site."""
    import nbclient
    import nbformat

    notebook = nbformat.reads(text, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
    return notebook


def _output(output: dict[str, Any], name: str, pictures: dict[str, bytes]) -> list[str]:
    """One output as Markdown; bars and warnings, which go to standard error, are left out."""
    if output["output_type"] == "stream":
        return ["```text", output["text"].rstrip(), "```", ""] if output["name"] == "stdout" else []
    data = output.get("data", {})
    form = next((form for form in ORDER if form in data), None)
    if form == "image/png":
        pictures[name] = base64.b64decode(data[form])
        return [f"![]({name})", ""]
    if form in ("text/html", "image/svg+xml"):
        return ["`````{raw} html", '<div class="shown">', _text(data[form]), "</div>", "`````", ""]
    if form == "text/markdown":
        return [_text(data[form]), ""]
    return ["```text", _text(data[form]), "```", ""] if form else []


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
