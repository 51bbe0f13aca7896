"""What pages of explorers show and answer, beside what Python answers."""

from __future__ import annotations

import base64
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from explored import DRAG
from polytope_lens import Box, Lens, Polytope
from polytope_lens._arrays.ragged import following
from polytope_lens.render import scene
from polytope_lens.render.explorer.explorer import COLORS
from polytope_lens.training.live_page import LivePage
from recordings import labelled, recorded

pytestmark = pytest.mark.browser

SQUARE = Box([-1, -1], [1, 1])


def random_lens(widths, *, outputs=1, scale=0.3, seed=0, **options):
    rng = np.random.default_rng(seed)
    sizes = [2, *widths, outputs]
    weights = [rng.normal(size=(n, m)) * np.sqrt(2 / m) for m, n in pairwise(sizes)]
    return Lens.from_arrays(weights, [rng.normal(size=n) * scale for n in sizes[1:]], **options)


def small():
    return random_lens((6, 5), outputs=3).partition(SQUARE)


# Generic; all hyperplanes through one point; neurons twice; slopes that round; many inputs; another domain.
PARTITIONS = {
    "example": lambda: Lens.example().partition(SQUARE),
    "central": lambda: random_lens((9, 7), scale=0.0).partition(SQUARE),
    "twice": lambda: Lens.from_arrays(
        [[[1, 2], [1, 2], [-2, -4], [1, 0], [0, 1]], np.ones((3, 5)), np.ones((1, 3))], [[0] * 5, [-1] * 3, [0]]
    ).partition(SQUARE),
    "leaky": lambda: random_lens((8, 8), negative_slope=0.01).partition(SQUARE),
    "flat": lambda: Lens.from_arrays(
        [np.random.default_rng(2).normal(size=(12, 5)), np.ones((1, 12))], [np.linspace(-1, 1, 12), [0]]
    ).partition(Box([-1, 0.3, 0.2, -1, 1], [1, 0.3, 0.2, 1, 1])),
    "triangle": lambda: random_lens((8, 8)).partition(Polytope([[-3, -1], [1, -3], [2, 5]], [1, 1, 1])),
    "tiny": lambda: random_lens((8, 8), scale=1e-9).partition(Box([-1e-9, -1e-9], [1e-9, 1e-9])),
}


def sent(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


LOCATE = """text => {
  const points = new Float64Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
  const found = new Int32Array(points.length / 2);
  const { locator } = explorer.stage;
  for (let i = 0; i < found.length; i++) found[i] = locator.locate(points[2 * i], points[2 * i + 1]).region;
  return [...found];
}"""


def hostile_points(mesh, n, seed=0):
    """Corners, middles of edges, and floats next to these, then points anywhere."""
    rng = np.random.default_rng(seed)
    ends = mesh.points[mesh.corners], mesh.points[mesh.corners[following(mesh.indptr)]]
    share = rng.uniform(size=(len(ends[0]), 1))
    on = np.vstack([mesh.points, (ends[0] + ends[1]) / 2, ends[0] + share * (ends[1] - ends[0])])
    on = on[rng.integers(len(on), size=2000)]
    near = [on, np.nextafter(on, 9), on * (1 + 1e-14), on + 1e-12 * rng.normal(size=on.shape)]
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    return np.vstack([*near, rng.uniform(low, high, (n, 2))])


@pytest.mark.parametrize("name", PARTITIONS)
def test_points_are_located_as_in_python(show, name):
    """A million for the example: the same region, or none where a proof in floats is not to be had."""
    partition = PARTITIONS[name]()
    n = 1_000_000 if name == "example" else 20_000
    tab = show(partition.explorer())
    points = hostile_points(partition.mesh, n)
    found = np.array(tab.evaluate(LOCATE, sent(points)))
    seen = points if partition.on_flat is None else scene.flat_of(partition).embed(points)
    inside = partition.domain.contains(seen)
    wanted = partition.locate(seen[inside])
    assert not ((found[inside] >= 0) & (found[inside] != wanted)).any()
    assert (found[inside] != -1).all()
    assert (found[~inside] < 0).all()
    anywhere = found[-n:][inside[-n:]]
    assert (anywhere == -2).sum() <= max(1, n // 100_000)


@pytest.mark.parametrize("name", PARTITIONS)
def test_patterns_rows_and_maps_are_pythons(show, name):
    """Rows and maps within the errors that the page states, of exact ones."""
    partition = PARTITIONS[name]()
    tab = show(partition.explorer())
    step = max(1, len(partition) // 40)
    chosen = range(0, len(partition), step)
    got = tab.evaluate(
        """chosen => chosen.map(region => {
             const { bits, rows, maps } = explorer.stage.locator.affineOf(region);
             return [bits, rows.value, rows.error, maps.value, maps.error].map(a => [...a]);
           })""",
        list(chosen),
    )
    seen = partition if partition.on_flat is None else partition.on_flat
    for region, (bits, rows, row_errors, maps, map_errors) in zip(chosen, got, strict=True):
        np.testing.assert_array_equal(bits, seen.patterns()[region])
        found = seen[region]
        system = found.inequalities(exact=True, facets=False)
        n_bits = seen.network.n_neurons
        for k, owner in enumerate(seen.mesh.owners[seen.mesh.entries(region)].tolist()):
            row = owner if owner >= 0 else n_bits - 1 - owner
            exact = [*system.A[row], -system.b[row]]
            for value, error, wanted in zip(rows[3 * k : 3 * k + 3], row_errors[3 * k : 3 * k + 3], exact, strict=True):
                assert abs(Fraction(value) - wanted) <= Fraction(error)
        flat = np.array(maps).reshape(-1, 3)
        np.testing.assert_allclose(flat, seen.maps[region], rtol=1e-12, atol=1e-12)
        assert (np.array(map_errors) < 1e-9 * (1 + np.abs(maps))).all()


def test_the_region_under_the_pointer_is_shown(show):
    partition = PARTITIONS["example"]()
    tab = show(partition.explorer())
    box = tab.locator("#frame").bounding_box()
    rng = np.random.default_rng(1)
    for px, py in rng.uniform(0.05, 0.95, (40, 2)):
        tab.mouse.move(box["x"] + px * box["width"], box["y"] + py * box["height"])
        x, y, region = tab.evaluate("[...explorer.hover.point, explorer.hover.region]")
        if not partition.domain.contains(np.array([[x, y]]))[0]:
            assert region == -1
            continue
        assert region == partition.locate([[x, y]])[0]
        tab.wait_for_function(f"document.querySelector('h2').textContent === 'Region {region}'")
        assert f"region {region}" in tab.inner_text("#status")


def picture(tab, which="fill"):
    """Pixels of a canvas, (h, w, 4), row 0 at the top."""
    width, height, text = tab.evaluate(
        """which => {
             explorer.view.draw();
             const from = document.getElementById(which);
             const copy = document.createElement('canvas');
             [copy.width, copy.height] = [from.width, from.height];
             const context = copy.getContext('2d');
             context.drawImage(from, 0, 0);
             const { data } = context.getImageData(0, 0, copy.width, copy.height);
             let text = '';
             for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
             return [copy.width, copy.height, btoa(text)];
           }""",
        which,
    )
    return np.frombuffer(base64.b64decode(text), dtype=np.uint8).reshape(height, width, 4)


def centres(tab, shape):
    """Where the centres of the picture's pixels are, (h, w, 2)."""
    sx, tx, sy, ty = tab.evaluate("explorer.view.camera.transform(explorer.view.density)")
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    return np.stack([(x - tx) / sx, (y - ty) / sy], axis=-1)


@pytest.mark.parametrize("zoom", [1, 30, 1e6, 1e10])
def test_each_pixel_has_the_colour_of_its_region(show, zoom):
    """About a corner where many regions meet, as near as floats allow."""
    partition = PARTITIONS["example"]()
    tab = show(partition.explorer(color="pattern", boundaries=False), width=700, height=500)
    mesh = partition.mesh
    x, y = mesh.points[np.argmax(np.bincount(mesh.corners))].tolist()
    tab.evaluate(
        f"[explorer.view.camera.x, explorer.view.camera.y] = [{x!r}, {y!r}]; explorer.view.camera.zoom({zoom})"
    )
    found = picture(tab)
    at = centres(tab, found.shape).reshape(-1, 2)
    rows = np.random.default_rng(0).permutation(len(at))[:3000]
    inside = rows[partition.domain.contains(at[rows])]
    region = partition.locate(at[inside])
    wanted = np.rint(255 * scene.pattern_colors(partition))[region]
    wrong = (found.reshape(-1, 4)[inside, :3] != wanted).any(axis=1)
    # At 10^10 a pixel is as wide as corners are known, and as floats are apart.
    assert wrong.mean() < (0.003 if zoom < 1e9 else 0.2)
    outside = np.setdiff1d(rows, inside)
    assert not found.reshape(-1, 4)[outside, 3].any()


def test_values_are_shaded_exactly(show):
    partition = PARTITIONS["example"]()
    tab = show(partition.explorer(boundaries=False), width=700, height=500)
    found = picture(tab)
    at = centres(tab, found.shape).reshape(-1, 2)
    inside = partition.domain.contains(at)
    low, high = scene.value_range(partition)
    values = np.array(
        [partition.maps[i, 0] @ [*x, 1] for i, x in zip(partition.locate(at[inside]), at[inside], strict=True)]
    )
    wanted = 255 * (values - low) / (high - low)
    assert np.abs(found.reshape(-1, 4)[inside, 0] - wanted).max() <= 1


@pytest.mark.parametrize(("color", "zoom"), [("value", 1), ("pattern", 1), ("class", 1), ("pattern", 400)])
def test_a_card_draws_the_same_picture(show, color, zoom):
    partition = random_lens((12, 12), outputs=3).partition(SQUARE)
    page = partition.explorer(color=color)
    x, y = partition.mesh.points[-1].tolist()
    look = f"{{ const c = explorer.view.camera; [c.x, c.y] = [{x!r}, {y!r}]; c.zoom({zoom}); explorer.view.draw(); }}"
    pictures = []
    for renderer, canvas in (("canvas", "fill"), ("card", "card")):
        tab = show(page, f"#renderer={renderer}", width=700, height=500)
        tab.evaluate(look)
        assert tab.evaluate("explorer.view.stats.renderer") == renderer
        pictures.append(picture(tab, canvas).astype(int))
    difference = np.abs(pictures[0] - pictures[1]).mean(axis=2)
    assert np.median(difference) < 1
    assert difference.mean() < 4  # lines are smoothed in other ways
    tab.evaluate("explorer.view.camera.zoom(1e6); explorer.view.draw()")
    assert tab.evaluate("explorer.view.stats.renderer") == "canvas"  # nearer than 24 bits


def test_every_colour_and_both_themes(show):
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (200, 2))
    tab = show(small().explorer(points=points, labels=(points[:, 0] > 0).astype(int)))
    assert tab.eval_on_selector_all("#color option", "all => all.map(o => o.value)") == [
        "value", "slope", "pattern", "layer", "class", "purity"
    ]  # fmt: skip
    pictures = set()
    for color in COLORS:
        tab.select_option("#color", color)
        found = picture(tab)
        pictures.add(found.tobytes())
        assert (found[found.shape[0] // 2, found.shape[1] // 2, 3]) == 255
        assert tab.inner_text("#legend")
    assert len(pictures) == 6
    before = tab.evaluate("document.documentElement.dataset.theme")
    tab.click("#theme")
    assert tab.evaluate("document.documentElement.dataset.theme") != before


def bent_length(tab, partition, edges):
    """Length of some edges of the mesh that the page has."""
    ends = f"{edges}.map(e => [e, explorer.stage.mesh.next(e)].map(k => explorer.stage.mesh.corners[k]))"
    points = partition.mesh.points[np.array(tab.evaluate(ends), dtype=int).reshape(-1, 2)]
    return np.hypot(*(points[:, 1] - points[:, 0]).T).sum()


def test_a_click_keeps_a_region_and_shows_neighbours_and_neurons(show):
    partition = PARTITIONS["example"]()
    tab = show(partition.explorer(), permissions=["clipboard-read", "clipboard-write"])
    tab.fill("#region-number", "1354")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".mark")
    assert tab.inner_text("h2") == "Region 1354"
    neighbors = {int(text) for text in tab.locator("tbody td:nth-child(3)").all_inner_texts() if text}
    assert neighbors == set(partition.adjacency()[[1354]].indices.tolist())
    owners = {tuple(map(int, text.split(","))) for text in tab.locator("tbody td:nth-child(2)").all_inner_texts()}
    facets = partition[1354].inequalities()
    kept = facets.is_facet
    assert owners == set(zip(facets.layer[kept].tolist(), facets.neuron[kept].tolist(), strict=True))
    tab.click("text=Copy Python")
    assert tab.evaluate("navigator.clipboard.readText()") == "partition[1354]"
    tab.click("text=Copy LaTeX")
    assert tab.evaluate("navigator.clipboard.readText()").startswith("\\begin{aligned}")
    first = tab.locator("tbody td:nth-child(2) button").first
    layer, neuron = map(int, first.inner_text().split(","))
    first.click()
    drawn = tab.evaluate(
        "explorer.view.bent().map(e => [e, explorer.stage.mesh.next(e)].map(k => explorer.stage.mesh.corners[k]))"
    )
    ends = partition.mesh.points[np.array(drawn)]
    length = np.hypot(*(ends[:, 1] - ends[:, 0]).T).sum()
    assert length == pytest.approx(partition.complex.bent_hyperplane(layer, neuron).length)
    other = tab.locator("tbody td:nth-child(3) button").first
    name = other.inner_text()
    other.click()
    tab.wait_for_function(f"document.querySelector('h2').textContent === 'Region {name}'")
    tab.keyboard.press("Escape")
    tab.wait_for_function("explorer.state.pin === null && explorer.state.neuron === null")


def test_bent_hyperplanes_of_degenerate_networks(show):
    partition = PARTITIONS["twice"]()
    tab = show(partition.explorer())
    for bit, (layer, neuron) in enumerate([(0, j) for j in range(5)] + [(1, j) for j in range(3)]):
        length = bent_length(tab, partition, f"explorer.stage.mesh.bentHyperplane({bit})")
        assert length == pytest.approx(partition.complex.bent_hyperplane(layer, neuron).length), (layer, neuron)


ODD = {
    "no hidden layer": lambda: Lens.from_arrays([np.eye(2)], [[1, 2]]).partition(SQUARE).explorer(color="class"),
    "no neuron that cuts": lambda: random_lens((3,), negative_slope=1.0).partition(SQUARE).explorer(),
    "one region": lambda: Lens.from_arrays([[[1, 1]], [[1]]], [[9], [0]]).partition(SQUARE).explorer(color="layer"),
    "constant": lambda: Lens.from_arrays([[[1, 0]], [[0]]], [[0], [3]]).partition(SQUARE).explorer(color="slope"),
    "twelve layers": lambda: random_lens((4,) * 12).partition(SQUARE).explorer(color="slope"),
    "large numbers": lambda: Lens.from_arrays([[[1, 2], [2, 1]], [[1e200, 1e200]]], [[0, 1], [1e300]])
    .partition(Box([-1e90, -1e90], [1e90, 1e90]))
    .explorer(),
    "small numbers": lambda: random_lens((5,), scale=0.0).partition(Box([0, 0], [1e-200, 1e-200])).explorer(),
    "far away": lambda: random_lens((5,)).partition(Box([1e9, 1e9], [1e9 + 1, 1e9 + 1])).explorer(),
    "a strip": lambda: random_lens((9,)).partition(Box([-50, 0], [50, 0.01])).explorer(color="pattern"),
    "many outputs": lambda: random_lens((6,), outputs=20).partition(SQUARE).explorer(color="class", output=19),
    "labels with signs": lambda: random_lens((6,)).partition(SQUARE).explorer(
        color="purity", points=[[0, 0], [0.5, 0.5]], labels=["<script>alert(1)</script>", "</script>"]
    ),
    "no points": lambda: random_lens((6,)).partition(SQUARE).explorer(points=np.zeros((0, 2))),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_partitions_are_shown(show, name):
    tab = show(ODD[name](), width=700, height=600)
    tab.press("#plot", "Enter")
    for key in ("+", "+", "c", "c", "c", "b", "p", "d", "ArrowLeft", "0"):
        tab.press("#plot", key)
    tab.mouse.move(300, 300)
    tab.mouse.wheel(0, -3000)
    tab.wait_for_timeout(300)
    tab.evaluate("explorer.pin(0)")
    tab.wait_for_selector(".mark")
    assert "NaN" not in tab.inner_text("body")
    assert "undefined" not in tab.inner_text("body")


def test_the_slider_moves_through_a_recording(show):
    recording = recorded(5, diverged=(2,))
    page = recording.explorer(progress=False)
    tab = show(page)
    tab.evaluate("explorer.pin(explorer.stage.locator.locate(0.1, 0.2).region, [0.1, 0.2])")
    steps = tab.evaluate("explorer.page.told.steps")
    assert steps == [0, 10, 30, 40]
    for k, network in enumerate([network for network in recording.networks if network is not None]):
        if k:
            tab.focus("#step")
            tab.keyboard.press("ArrowRight")
        tab.wait_for_function(f"explorer.state.step === {k} && explorer.waiting === false")
        partition = Lens(network).partition(recording.domain)
        assert tab.inner_text("#title") == f"{len(partition)} regions"
        assert tab.inner_text("#step-text") == f"step {steps[k]}"
        assert tab.evaluate("explorer.state.pin.region") == partition.locate([[0.1, 0.2]])[0]
    tab.click("#play")
    tab.wait_for_function("explorer.state.step === 1")
    tab.click("#play")
    tab.select_option("#color", "age")


def test_a_live_page_follows_the_training(browser):
    page = LivePage(SQUARE)
    networks = [network for network in recorded(4).networks if network is not None]
    page.add(0, 0, networks[0])
    tab = browser.new_page()
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(page.address)
    tab.wait_for_function("window.explorer && explorer.stage")
    for step, network in enumerate(networks[1:], start=1):
        page.add(10 * step, step, network)
        tab.wait_for_function(f"explorer.page.told.steps.at(-1) === {10 * step} && explorer.state.step === {step}")
    assert tab.inner_text("#step-text") == "step 30"
    tab.evaluate("explorer.setStep(1)")
    page.close()
    tab.wait_for_function("document.getElementById('status').textContent.includes('training has ended')")
    assert tab.evaluate("explorer.state.step") == 1
    tab.close()
    assert not errors


def test_categories_of_a_recording(show):
    tab = show(labelled(2).explorer(color="purity", progress=False))
    assert "no points" in tab.inner_text("#legend")


def test_the_address_keeps_the_view(show):
    page = small().explorer(points=[[0.1, 0.2]])
    tab = show(page)
    tab.select_option("#color", "pattern")
    for key in ("+", "+", "ArrowLeft", "2", "p", "d"):
        tab.press("#plot", key)
    tab.press("#plot", "Enter")
    tab.fill("#neuron", "1, 2")
    tab.keyboard.press("Enter")
    tab.wait_for_function("location.hash.includes('neuron=1,2')")
    kept = "[explorer.view.camera.view(), [...explorer.state.hidden], {...explorer.state, hidden: null}]"
    address, wanted = tab.evaluate("location.hash"), tab.evaluate(kept)
    again = show(page, address)
    found = again.evaluate(kept)
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-12)
    assert found[1:] == wanted[1:]
    assert wanted[1] == [1]
    assert wanted[2]["pin"] is not None
    for nonsense in ("#view=a,b&step=9&output=7&region=1e9&neuron=4&color=heat&hidden=8", "#%", "#view=0,0,-1"):
        show(page, nonsense)


def test_everything_is_reached_by_keys(show):
    tab = show(small().explorer(points=[[0.1, 0.2]]))
    tab.press("#plot", "Enter")
    tab.wait_for_selector(".mark")
    reached = set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert reached >= {"plot", "fit", "theme", "keys", "color", "output", "points", "region-number", "neuron"}
    assert {"Copy Python", "Copy LaTeX", "Let go"} <= reached
    before = tab.evaluate("explorer.view.camera.view()")
    tab.press("#plot", "ArrowUp")
    tab.press("#plot", "+")
    assert tab.evaluate("explorer.view.camera.view()") != before
    tab.press("#plot", "0")
    assert tab.evaluate("explorer.view.camera.view()") == before
    tab.press("#plot", "?")
    assert tab.is_visible("#help")
    tab.keyboard.press("Escape")
    assert tab.is_hidden("#help")


def test_the_wheel_zooms_about_the_pointer(show):
    tab = show(small().explorer())
    box = tab.locator("#frame").bounding_box()
    at = round(box["x"] + box["width"] / 3), round(box["y"] + box["height"] / 3)
    tab.mouse.move(*at)
    before = tab.evaluate("[...explorer.hover.point, explorer.view.camera.scale]")
    tab.mouse.wheel(0, -400)
    tab.wait_for_function(f"explorer.view.camera.scale > {before[2]}")
    tab.mouse.move(at[0] + 1, at[1])
    tab.mouse.move(*at)
    after = tab.evaluate("explorer.hover.point")
    np.testing.assert_allclose(after, before[:2], atol=1e-6)


def test_twenty_thousand_regions_move_at_thirty_frames_a_second(show):
    partition = random_lens((86, 86, 86)).partition(SQUARE)
    assert len(partition) > 20_000
    tab = show(partition.explorer(), width=1300, height=1000)
    assert tab.evaluate("explorer.view.stats.renderer") == "canvas"
    assert max(tab.evaluate(DRAG) for _ in range(2)) > 30  # other processes may be busy for a moment


def test_a_notebook_shows_the_page_in_a_frame(show, browser, tmp_path):
    page = small().explorer()
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><body>{page._repr_html_()}", encoding="utf-8")
    context = browser.new_context()
    tab = context.new_page()
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(path.as_uri())
    inside = tab.frame_locator("iframe")
    inside.locator("#title").filter(has_text="regions").wait_for()
    inside.locator("#plot").press("Enter")
    inside.locator(".mark").wait_for()
    tab.wait_for_timeout(400)  # until the address would be kept, which frames have not got
    context.close()
    assert not errors
