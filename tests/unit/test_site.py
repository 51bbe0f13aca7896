"""The site is laid out from the repository's pages and from the package: every page, link, public name and command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import command_pages
import notebook_pages
import polytope_lens
import reference_pages
import stage
from polytope_lens import errors, training

ROOT = Path(__file__).parents[2]
INSIDE = ("all", "dev", "docs", "peers", "browser", "notebooks")  # what those who work on the library install
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "benchmarks" / "README.md"])


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    stage.main(folder, run=False)
    return folder / "source"


def test_every_page_is_laid_out_and_listed(source):
    pages = {path.relative_to(source).as_posix().removesuffix(".md") for path in source.rglob("*.md")}
    assert {"objects", "changelog", "studies/README", "benchmarks", "command_line"} <= pages
    listed = set().union(*(stage._listed(f"{page}.md", (source / f"{page}.md").read_text()) for page in pages))
    alone = {page for page in pages - listed - {"index", "gallery/index"} if not page.startswith("studies/")}
    assert not alone
    assert not [path for path in source.rglob("*.md") if "\n@others" in path.read_text()]


def test_links_of_the_site_lead_somewhere(source):
    for page in source.rglob("*.md"):
        for _, target, _, _ in stage.LINK.findall(_without_code(page.read_text())):
            if target.startswith(("gallery/", "reference/")):
                continue
            assert (page.parent / target).exists(), (page.name, target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_the_repository_lead_somewhere(page):
    text = _without_code(page.read_text(encoding="utf-8"))
    for target, anchor in re.findall(r"\]\(([^)\s#:]*)(?:#([^)\s]*))?\)", text):
        if target.startswith(("gallery/", "reference/")):
            continue  # of the site alone
        meant = page.parent / target if target else page
        assert meant.exists(), target
        if anchor and meant.suffix == ".md" and meant.name != "command_line.md":
            assert anchor in _anchors(meant.read_text(encoding="utf-8")), (target, anchor)


def test_a_second_layout_removes_what_the_first_has_left(source):
    (source / "old.md").write_text("# Old")
    (source / "reference" / "Old.rst").write_text("Old\n===\n")
    before = (source / "objects.md").stat().st_mtime_ns
    stage.main(source.parent, run=False)
    assert not (source / "old.md").exists() and not (source / "reference" / "Old.rst").exists()
    assert (source / "objects.md").stat().st_mtime_ns == before


def test_links_to_folders_and_files_that_the_site_does_not_show(tmp_path):
    link = stage.FOLDER_LINK.match("[scripts](gallery)")
    assert stage._folder_link(link, "docs/pictures.md") == "[scripts](gallery/index)"
    assert stage._folder_link(stage.FOLDER_LINK.match("[nets](../benchmarks/nets)"), "docs/sizes.md") == "nets"
    found = stage.LINK.search("[checker](../src/polytope_lens/proof/checker.py)")
    assert stage._link(found, "docs/proofs.md", "proofs.md", tmp_path).endswith(
        "(files/src/polytope_lens/proof/checker.py)"
    )
    assert (tmp_path / "files" / "src" / "polytope_lens" / "proof" / "checker.py").exists()


def test_a_notebook_is_a_page(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["# Two\n", "and [more](b.ipynb)"]},
        {
            "cell_type": "code", "source": "1 + 1",
            "outputs": [
                {"output_type": "execute_result", "data": {"text/plain": "2"}},
                {"output_type": "display_data", "data": {"text/plain": "Figure", "image/png": "aGFsbG8="}},
                {"output_type": "display_data", "data": {"text/html": ["<b>", "2</b>"]}},
                {"output_type": "stream", "name": "stderr", "text": "a bar"},
                {"output_type": "stream", "name": "stdout", "text": "printed\n"},
            ],
        },
    ]  # fmt: skip
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    text, pictures = notebook_pages.page(tmp_path / "a.ipynb", "a", lambda text: text.replace("b.ipynb", "b.md"))
    assert text.startswith("# Two\nand [more](b.md)\n\n```python\n1 + 1\n```\n\n```text\n2\n```\n\n![](a_1_1.png)\n")
    assert "<b>2</b>" in text and "printed\n```" in text and "a bar" not in text
    assert pictures == {"a_1_1.png": b"hallo"}


@pytest.mark.long
def test_the_site_builds_without_a_warning(source):
    pytest.importorskip("sphinx_gallery")
    sphinx = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "-b", "html"]
    done = subprocess.run(
        [*sphinx, str(source), str(source.parent / "html")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    page = (source.parent / "html" / "reference" / "Lens.count.html").read_text()
    assert 'href="../scale.html"' in page and ":class:" not in page
    assert "robustness_radius" in (source.parent / "html" / "searchindex.js").read_text()


def test_everything_public_has_a_page():
    pytest.importorskip("hypothesis")
    pages = reference_pages.pages(gallery=True)
    public = {*polytope_lens.__all__, *training.__all__, "Lens.partition", "LevelSet", "PartitionFunction.norms"}
    public |= {name for name, value in vars(errors).items() if reference_pages._is_error(value)}
    assert not public - set(pages)
    assert ".. autoproperty:: Region.is_bounded" in pages["Region.is_bounded"]
    assert ".. minigallery:: polytope_lens.Lens.count" in pages["Lens.count"]
    assert "minigallery" not in reference_pages.pages(gallery=False)["Lens.count"]
    assert ":py:obj:`~polytope_lens.Lens`" in pages["index"] and "~polytope_lens.training.Recorder" in pages["index"]


def test_every_command_is_told():
    page = command_pages.page()
    for name, parser in command_pages._commands().items():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for action in parser._actions:
            if action.option_strings and action.help and "--help" not in action.option_strings:
                assert action.option_strings[-1] in section
    assert "%(default)" not in page


def test_the_version_is_the_same_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert polytope_lens.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"version = {{{version}}}" in (ROOT / "docs" / "citing.md").read_text()


def test_every_dependency_has_its_licence_told():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {name: needs for name, needs in project["optional-dependencies"].items() if name not in INSIDE}
    asked = [*project["dependencies"], *(one for needs in extras.values() for one in needs)]
    page = (ROOT / "docs" / "licences.md").read_text()
    assert not [name for name in (re.split(r"[><=]", one)[0] for one in asked) if name not in page]


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_what_the_package_tells_has_no_link_into_the_repository():
    """The README is its description, too, and is read where no other file of the repository is."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    hook = pyproject["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for change in hook["substitutions"]:
        text = re.sub(change["pattern"], change["replacement"], text)
    told = _without_code(text)
    assert not re.search(r"\]\(|docs/", told)
    assert "## Install" in told
    assert "getting started" in told.lower()
