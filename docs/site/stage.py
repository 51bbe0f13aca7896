"""Lay out what the site is made of in a folder: pages of the repository, and those made from the package.

``python docs/site/stage.py build/docs`` writes ``build/docs/source``, which Sphinx reads, and
``build/docs/gallery_scripts``. Pages are written for the repository first; here, links between them become links within
the site, and files that the site does not show become downloads. A file is only written if it has changed.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from functools import cache
from pathlib import Path, PurePosixPath

import command_pages
import notebook_pages
import reference_pages

ROOT = Path(__file__).parents[2]

ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/nets/README.md": "networks.md",
}
"""Pages that stand outside of docs, and their names on the site; the front page is the site's own."""

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))

OTHERS = "@others"
"""In a list of pages: those of docs itself, not of its folders, that no list names."""

COMMANDS = "<!-- commands -->"
"""On the page of the command line: what each command takes."""

NAMED = re.compile(r"\[`?[\w/]+\.md`?\](?=\([^)#]*\.md\))")
"""A link that says the name of its file; on the site, it says the title of the page."""

LINK = re.compile(r"(\]\()([^)\s#:]+)(#[^)\s]*)?(\))")
FOLDER_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s#:]+)\)")
SHOWN = (".md", ".png", ".csv", ".svg")
"""Files of docs that are laid out as they are; others become downloads."""


def main(folder: Path, *, run: bool = True) -> None:
    """Stage everything below a folder; notebooks are run, or shown without what their cells show."""
    source, scripts = folder / "source", folder / "gallery_scripts"
    has_gallery = bool(list((ROOT / "docs" / "gallery").glob("plot_*.py")))
    kept = {
        *_pages(source),
        *_images(source),
        *_made(source, has_gallery),
        *_notebooks(source, folder / "notebooks" if run else None),
    }
    _remove_others(source, kept, but=("gallery", "sg_execution_times.rst") if has_gallery else ())
    shutil.rmtree(scripts, ignore_errors=True)
    if has_gallery:
        (source / "gallery" / "index.md").unlink(missing_ok=True)  # that of a layout without scripts
        shutil.copytree(ROOT / "docs" / "gallery", scripts)


def _pages(source: Path) -> list[Path]:
    """Pages written by hand."""
    homes = _homes()
    texts = {place: (ROOT / path).read_text(encoding="utf-8") for path, place in homes.items()}
    listed = set().union(*(_listed(place, text) for place, text in texts.items()))
    names = {place.removesuffix(".md") for place in texts if "/" not in place}
    others = "\n".join(sorted(names - listed - {"index"}))
    if NOTEBOOKS:
        texts["notebooks.md"] += _list_of_notebooks(texts["notebooks.md"])
    written = []
    for path, place in homes.items():
        text = texts[place].replace(OTHERS, others).replace(COMMANDS, command_pages.page())
        written.append(_write(source / place, _linked(text, path, place, source).encode()))
    return written + sorted((source / "files").rglob("*"))


@cache
def _homes() -> dict[str, str]:
    """The pages of the repository, and where each stands on the site."""
    homes = {path.relative_to(ROOT).as_posix(): _place(path) for path in sorted((ROOT / "docs").rglob("*.md"))}
    homes = {path: place for path, place in homes.items() if not path.startswith(("docs/site/", "docs/gallery/"))}
    return homes | {path: place for path, place in ELSEWHERE.items() if path != "README.md"}


def _linked(text: str, path: str, place: str, source: Path) -> str:
    """A text of the repository with links of the site."""
    text = FOLDER_LINK.sub(lambda found: _folder_link(found, path), NAMED.sub("[]", text))
    return LINK.sub(lambda found: _link(found, path, place, source), text)


def _place(path: Path) -> str:
    return path.relative_to(ROOT / "docs").as_posix()


def _listed(place: str, text: str) -> set[str]:
    """Pages that a page has in its lists, by their places."""
    names = re.findall(r"^```\{toctree\}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in names for line in block.splitlines() if line and not line.startswith(":")]
    found = (re.sub(r"^.*<(.*)>$", r"\1", line) for line in lines)
    return {os.path.normpath(PurePosixPath(place).parent / name).replace(os.sep, "/") for name in found}


def _link(found: re.Match[str], path: str, place: str, source: Path) -> str:
    """A link of a page of the repository as one of the site."""
    before, target, anchor, after = found.groups()
    meant, here, homes = _meant(path, target), PurePosixPath(place).parent, _homes()
    if meant in homes or meant in ELSEWHERE:
        target = homes.get(meant) or ELSEWHERE[meant]
    elif (ROOT / meant) in NOTEBOOKS:
        target = f"notebooks/{PurePosixPath(meant).stem}.md"
    elif meant.startswith("docs/") and (meant.endswith(SHOWN) or not (ROOT / meant).exists()):
        target = meant.removeprefix("docs/")
    elif (ROOT / meant).is_file():
        target = f"files/{meant}"
        _write(source / target, (ROOT / meant).read_bytes())
    else:
        return found[0]
    return f"{before}{os.path.relpath(target, here)}{anchor or ''}{after}"


def _folder_link(found: re.Match[str], path: str) -> str:
    """A link to a folder: the gallery's, or none, for the site shows no folders."""
    text, target = found.groups()
    meant = _meant(path, target)
    if meant == "docs/gallery":
        return f"[{text}]({os.path.relpath('docs/gallery/index', PurePosixPath(path).parent)})"
    return text if (ROOT / meant).is_dir() else found[0]


def _meant(path: str, target: str) -> str:
    """The file of the repository that a link of a page means."""
    return os.path.normpath(PurePosixPath(path).parent / target).replace(os.sep, "/")


def _images(source: Path) -> list[Path]:
    """Pictures and tables that pages show or link to, and the configuration."""
    docs = ROOT / "docs"
    wanted = [*(path for path in docs.rglob("*") if path.suffix in SHOWN[1:]), docs / "conf.py"]
    wanted += [path for path in (docs / "site" / "static").rglob("*") if path.is_file()]
    wanted = [path for path in wanted if docs / "gallery" not in path.parents]
    return [_write(source / path.relative_to(docs), path.read_bytes()) for path in wanted]


def _made(source: Path, has_gallery: bool) -> list[Path]:
    """Pages made from the package."""
    pages = {f"reference/{name}.rst": text for name, text in reference_pages.pages(has_gallery).items()}
    if not has_gallery:
        pages["gallery/index.md"] = "# Gallery\n\nThere is no script in docs/gallery.\n"
    return [_write(source / place, text.encode()) for place, text in pages.items()]


def _list_of_notebooks(page: str) -> str:
    """All of them, in the order in which their page names them."""
    order = sorted(NOTEBOOKS, key=lambda path: page.find(path.name))
    names = "\n".join(f"notebooks/{path.stem}" for path in order)
    return f"\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"


def _notebooks(source: Path, kept: Path | None) -> list[Path]:
    """Notebooks with what their cells show, and the files themselves."""
    written = []
    for path in NOTEBOOKS:
        place = f"notebooks/{path.stem}"
        done = path if kept is None else notebook_pages.run(path, kept)
        text, pictures = notebook_pages.page(
            done, path.stem, lambda text, place=place: _linked(text, f"docs/{place}.ipynb", f"{place}.md", source)
        )
        text = f"{text}\n\n[The notebook, to run it](../files/{path.name}).\n"
        written += [_write(source / "notebooks" / f"{path.stem}.md", text.encode())]
        written += [_write(source / "notebooks" / name, picture) for name, picture in pictures.items()]
        written += [_write(source / "files" / path.name, path.read_bytes())]
    return written


def _write(path: Path, content: bytes) -> Path:
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return path


def _remove_others(source: Path, kept: set[Path], but: tuple[str, ...]) -> None:
    """Remove what an earlier layout has left, but not what other programs have made."""
    for path in sorted(source.rglob("*"), reverse=True):
        if path.relative_to(source).parts[0] not in but and path not in kept:
            path.rmdir() if path.is_dir() and not any(path.iterdir()) else path.is_file() and path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
