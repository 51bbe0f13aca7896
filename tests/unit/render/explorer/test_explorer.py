from __future__ import annotations

import re
from importlib.resources import files

import numpy as np
import pytest

from explored import payloads
from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import DimensionError, OptionError, OutsideDomainError
from polytope_lens.render.explorer.explorer import SCRIPTS, joined
from polytope_lens.render.scene import coded

SQUARE = Box([-1, -1], [1, 1])
LENS = Lens.from_arrays([[[1, 0], [0, 1], [1, -1]], [[1, 1, 0], [0, 1, -2]]], [[0, 0.1, 0.2], [0, 0.5]])
PARTITION = LENS.partition(SQUARE)
POINTS = np.random.default_rng(0).uniform(-1, 1, (30, 2))
FOLDER = files("polytope_lens.render.explorer") / "page"


def module(name):
    return (FOLDER / f"{name}.js").read_text(encoding="utf-8")


def test_a_page_asks_for_nothing_else():
    page = PARTITION.explorer(points=POINTS)
    text = re.sub(r'class="payload">[^<]*<', "", page.html)
    assert not re.search(r"\b(src|href)\s*=|url\(|@import|^\s*import\b", text, flags=re.MULTILINE)
    assert text.count("fetch(") == 1, "that of pages that are live"
    assert not payloads(page)[0][0]["live"]
    assert "<!--" not in text, "a part was not put in"
    assert "ISC License" in text
    assert len(payloads(page)) == 2


def test_a_page_is_the_same_each_time():
    assert PARTITION.explorer(points=POINTS).html == PARTITION.explorer(points=POINTS).html


def test_no_name_stands_in_two_modules():
    """Modules are put together as one."""
    declared = r"^(?:export )?(?:async )?(?:function|const|let|class) ([\w$]+)"
    names = [found for name in SCRIPTS for found in re.findall(declared, module(name), re.MULTILINE)]
    assert len(names) == len(set(names))


def test_modules_stand_behind_what_they_use():
    for place, name in enumerate(SCRIPTS):
        for names, source in re.findall(r"^import \{([^}]*)\} from \"\./(\w+)\.js\";", module(name), re.M):
            assert source in SCRIPTS[:place]
            for used in names.split(","):
                assert re.search(
                    rf"^export (async )?(function|class|const) {re.escape(used.strip())}[ (]", module(source), re.M
                )
    assert {path.name for path in FOLDER.iterdir() if path.name.endswith(".js")} == {
        "flatbush.js", *(f"{name}.js" for name in SCRIPTS)
    }  # fmt: skip


def test_joined_modules_have_no_imports():
    assert joined(['import { a } from "./x.js";\nexport const b = a;', "class C {}\n"]) == "const b = a;\nclass C {}"


def test_the_page_is_told_what_there_is():
    labels = np.arange(30) % 3
    (told, page), (about, frame) = payloads(PARTITION.explorer(color="purity", points=POINTS, labels=labels, output=1))
    assert (told["color"], told["output"], told["outputs"], told["steps"]) == ("purity", 1, 2, [None])
    assert (told["labels"], told["axes"], told["names"]) == (["0", "1", "2"], ["input 0", "input 1"], ["x0", "x1"])
    np.testing.assert_array_equal(page["data"], POINTS)
    np.testing.assert_array_equal(page["labels"], labels)
    assert (about["regions"], about["hidden"], about["python"]) == (len(PARTITION), 0, "partition")
    found = PARTITION.data_table(POINTS, labels)
    np.testing.assert_array_equal(np.flatnonzero(frame["counts"]), found.region)
    np.testing.assert_array_equal(frame["counts"][found.region], found.count)
    np.testing.assert_allclose(frame["purities"][found.region], found.purity, rtol=1e-6)
    assert (np.delete(frame["purities"], found.region) == -1).all()
    for name, (low, high) in zip(("values", "slopes"), told["ranges"]["values"], strict=True):
        assert low <= high, name


def test_rows_of_a_box_are_exact_and_others_rounded():
    (_, frame) = payloads(PARTITION.explorer())[1]
    np.testing.assert_array_equal(frame["side_rows"], np.column_stack([SQUARE.A, -SQUARE.b]))
    assert not frame["side_errors"].any()
    triangle = Polytope([[-3, -1], [1, -3], [2, 5]], [1, 1, 1])
    (_, frame) = payloads(LENS.partition(triangle).explorer())[1]
    assert (frame["side_errors"] > 0).all()


def test_a_flat_box_is_seen_in_its_own_coordinates():
    lens = Lens.from_arrays([[[1, 5, 2], [0, -1, 1]], [[1, 1]]], [[0, 0.1], [0]])
    partition = lens.partition(Box([-1, 0.5, -1], [1, 0.5, 1]))
    points = np.array([[0, 0.5, 0.25], [0.5, 0.5, -0.5]])
    (told, page), (about, _) = payloads(partition.explorer(points=points, labels=[0, 1]))
    assert (told["names"], about["hidden"], about["sides"]) == (["x0", "x2"], 1, [0, 2, 3, 5])
    np.testing.assert_array_equal(page["data"], points[:, [0, 2]])
    with pytest.raises(OutsideDomainError):
        partition.explorer(points=[[0, 0, 0]])


def test_labels_are_numbers_and_names():
    assert coded(None, 3) == (None, [])
    codes, names = coded(["b", "a", "b"], 3)
    assert (codes.tolist(), names) == ([1, 0, 1], ["a", "b"])
    codes, names = coded([2, 0, 2], 3)  # as outputs are numbered
    assert (codes.tolist(), names) == ([2, 0, 2], ["0", "1", "2"])
    codes, names = coded([-1, 1], 2)
    assert (codes.tolist(), names) == ([0, 1], ["-1", "1"])


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"color": "heat"}, OptionError, "color"),
        ({"color": "purity"}, OptionError, "give `points` and `labels`"),
        ({"color": "age"}, OptionError, r"recording\.explorer"),
        ({"output": 2}, OptionError, "output"),
        ({"labels": [0]}, OptionError, "no `points` were given"),
        ({"points": POINTS, "labels": [0]}, DimensionError, "one class for each of the 30 points"),
        ({"points": np.zeros((65, 2)), "labels": np.arange(65)}, OptionError, "at most 64 different ones, but has 65"),
        ({"points": [[0, 0, 0]]}, DimensionError, "2 coordinates"),
        ({"points": [[3, 0]], "labels": [0]}, OutsideDomainError, "outside the domain"),
        ({"path": "ring.png"}, OptionError, r"ends in \.html, but 'ring\.png' ends otherwise"),
        ({"path": 3}, OptionError, "should be a path"),
        ({"boundaries": "no"}, OptionError, "True or False"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(options, error, text):
    with pytest.raises(error, match=text):
        PARTITION.explorer(**options)


def test_one_output_has_no_class():
    lens = Lens.from_arrays([[[1, 0]], [[1]]], [[0], [0]])
    with pytest.raises(OptionError, match='Choose "value", or "pattern"'):
        lens.partition(SQUARE).explorer(color="class")


def test_files_and_notebooks(tmp_path):
    page = PARTITION.explorer(tmp_path / "ring.html", "class")
    assert (tmp_path / "ring.html").read_text(encoding="utf-8") == page.html
    page.save(tmp_path / "again.HTML")
    with pytest.raises(OptionError, match="ends otherwise"):
        page.save(tmp_path / "again.txt")
    assert repr(page).startswith("Explorer(7 regions, 0.")
    frame = page._repr_html_()
    assert frame.count("<") == 1 + frame.count("</iframe")
    assert "srcdoc=" in frame
