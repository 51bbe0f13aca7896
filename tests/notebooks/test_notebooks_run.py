"""Notebooks in a kernel, as readers run them: `make notebooks`. Without nbclient and ipykernel, these are skipped."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.notebooks
NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))
NEEDED = {"training": "torch", "interpretability": "sklearn"}


@pytest.fixture
def run(tmp_path):
    """``run(notebook)``: the outputs of each of its cells, run one after the other in an empty folder."""
    if not all(map(importlib.util.find_spec, ("nbclient", "ipykernel"))):
        pytest.skip("runs notebooks: pip install nbclient ipykernel")
    import nbclient

    def execute(notebook):
        where = {"metadata": {"path": str(tmp_path)}}
        nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
        return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]

    return execute


def cells(*sources):
    nbformat = pytest.importorskip("nbformat")
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def written(outputs, name):
    return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == name)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run_without_a_warning(path, run):
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip(NEEDED.get(path.stem, "numpy"))
    found = run(nbformat.read(path, as_version=4))
    assert "Warning" not in "".join(written(outputs, "stderr") for outputs in found)
    shown = [output.data for outputs in found for output in outputs if "data" in output]
    assert sum("text/html" in data for data in shown) >= 3


def test_bars_are_shown_and_go_away_without_a_warning(run):
    (found,) = run(
        cells("""
            import time
            from polytope_lens._progress import bar
            with bar(None, range(60), desc="things") as shown:
                for _ in shown:
                    time.sleep(0.03)
            with bar(None, total=2, desc="quick ones") as shown:
                shown.update(2)
        """)
    )
    text = written(found, "stderr") + "".join(output.data["text/plain"] for output in found if "data" in output)
    assert "things" in text and "Warning" not in text and "quick ones" not in text


def test_long_counts_have_a_bar(run):
    """Nobody has to ask for it."""
    (_, found) = run(
        cells(
            "from polytope_lens import Box, Lens\nimport numpy as np\nrng = np.random.default_rng(0)",
            """
            widths = [6, *[40] * 5, 1]
            pairs = list(zip(widths, widths[1:], strict=False))
            weights = [rng.standard_normal((n, m)) / m**0.5 for m, n in pairs]
            lens = Lens.from_arrays(weights, [rng.standard_normal(n) / 4 for _, n in pairs])
            lens.count(Box([-1] * 6, [1] * 6), max_seconds=4)
            """,
        )
    )
    assert "regions" in written(found, "stderr") and "Warning" not in written(found, "stderr")


def test_what_is_shown_is_what_the_object_says(run):
    found = run(
        cells(
            "from polytope_lens import Lens\nregion = Lens.example().at([0.3, -0.2])\nregion",
            "region.affine_map",
            "print(region._repr_html_())",
        )
    )
    (region,), (formula,), (html,) = found
    assert region.data["text/html"] == html.text.rstrip("\n")
    assert {"image/svg+xml", "text/latex", "text/plain"} <= set(region.data)
    assert formula.data["text/latex"].startswith("$$")


LONG = """
import numpy as np
from polytope_lens import Box, Lens
rng = np.random.default_rng(0)
pairs = [(40, 6), *[(40, 40)] * 5, (1, 40)]
weights = [rng.standard_normal(shape) / shape[1] ** 0.5 for shape in pairs]
lens = Lens.from_arrays(weights, [rng.standard_normal(shape[0]) / 4 for shape in pairs])
print("begins", flush=True)
lens.count(Box([-1] * 6, [1] * 6), max_seconds=100)
"""


def test_the_stop_button_hands_over_what_was_found():
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    kernel, client = manager.start_new_kernel(kernel_name="python3")
    try:
        client.execute(LONG)
        told, is_stopped = "", False
        while "INTERRUPTED" not in told:
            message = client.get_iopub_msg(timeout=60)
            content = message["content"]
            assert message["msg_type"] != "error"
            told += content.get("text", "") + content.get("data", {}).get("text/plain", "")
            if "regions:" in told and not is_stopped:  # the bar is there, so it is under way
                kernel.interrupt_kernel()
                is_stopped = True
        assert "begins" in told and "RegionCounts(total>=" in told
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
