"""What pages of explorers show and answer in space, beside what Python answers."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from explored import DRAG
from polytope_lens import Box, Lens, Polytope

pytestmark = pytest.mark.browser

CUBE = Box([-1] * 3, [1] * 3)


def random_lens(widths, *, inputs=3, outputs=1, scale=0.3, seed=0, **options):
    rng = np.random.default_rng(seed)
    sizes = [inputs, *widths, outputs]
    weights = [rng.normal(size=(n, m)) * np.sqrt(2 / m) for m, n in pairwise(sizes)]
    return Lens.from_arrays(weights, [rng.normal(size=n) * scale for n in sizes[1:]], **options)


PARTITIONS = {
    "generic": lambda: random_lens((9, 8), outputs=2).partition(CUBE),
    "central": lambda: random_lens((6, 5), scale=0.0).partition(CUBE),
    "twice": lambda: Lens.from_arrays(
        [[[1, 2, 0], [1, 2, 0], [-2, -4, 0], [1, 0, 1]], np.ones((1, 4))], [[0] * 4, [0]]
    ).partition(CUBE),
    "simplex": lambda: random_lens((6, 5)).partition(
        Polytope([[-1, 0, 0], [0, -1, 0], [0, 0, -1], [1, 1, 1]], [0.5, 0.5, 0.5, 1])
    ),
    "flat": lambda: random_lens((8, 4), inputs=5).partition(Box([-1, 0.3, -1, 0.2, 0], [1, 0.3, 1, 0.2, 1])),
}


@pytest.fixture(params=PARTITIONS)
def shown(request, show):
    """A partition, the same on its flat, and a tab that shows it."""
    partition = PARTITIONS[request.param]()
    return partition, partition if partition.on_flat is None else partition.on_flat, show(partition.explorer())


def test_points_are_located_as_in_python(shown):
    _, seen, tab = shown
    rng = np.random.default_rng(0)
    mesh = seen.mesh
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    some = mesh.points[rng.integers(len(mesh.points), size=(400, 3))]
    on = np.vstack([some[:, 0], some.mean(axis=1)])
    points = np.vstack([on, np.nextafter(on, 9), on * (1 + 1e-14), rng.uniform(low, high, (5000, 3))])
    locate = "points => points.map(p => explorer.stage.locator.locate(...p).region)"
    found = np.array(tab.evaluate(locate, points.tolist()))
    inside = seen.domain.contains(points)
    wanted = seen.locate(points[inside])
    assert not ((found[inside] >= 0) & (found[inside] != wanted)).any()
    assert (found[inside] != -1).all()
    assert (found[~inside] < 0).all()
    assert not (found[-5000:][inside[-5000:]] == -2).any()


def test_patterns_and_rows_are_pythons(shown):
    _, seen, tab = shown
    for region in range(0, len(seen), max(1, len(seen) // 20)):
        bits, facets, rows, errors = tab.evaluate(
            """region => {
                 const { bits, rows, facets } = explorer.stage.locator.affineOf(region);
                 return [bits, facets, rows.value, rows.error].map(a => [...a]);
               }""",
            region,
        )
        np.testing.assert_array_equal(bits, seen.patterns()[region])
        system = seen[region].inequalities(exact=True, facets=False)
        assert sorted(facets) == sorted(seen.mesh.faces_of(region).tolist())
        for k, owner in enumerate(seen.mesh.owners[facets].tolist()):
            row = owner if owner >= 0 else seen.network.n_neurons - 1 - owner
            exact = [*system.A[row], -system.b[row]]
            for value, error, wanted in zip(rows[4 * k : 4 * k + 4], errors[4 * k : 4 * k + 4], exact, strict=True):
                assert abs(Fraction(value) - wanted) <= Fraction(error)


AREAS = """rings => rings.map(({ ring }) => {
  let sum = [0, 0, 0];
  ring.forEach(({ at: p }, i) => {
    const q = ring[(i + 1) % ring.length].at;
    const o = ring[0].at;
    const [a, b] = [p.map((v, k) => v - o[k]), q.map((v, k) => v - o[k])];
    sum = sum.map((v, k) => v + a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3]);
  });
  return Math.hypot(...sum) / 2;
})"""


@pytest.mark.parametrize(("axis", "at"), [(0, 0.5), (1, 0.31), (2, 0.77)])
def test_a_plane_cuts_each_region_as_polytopes_say(show, axis, at):
    partition = PARTITIONS["generic"]()
    tab = show(partition.explorer())
    tab.evaluate(f"explorer.set({{ cut: {{ axis: {axis}, at: {at} }} }})")
    areas = tab.evaluate(f"({AREAS})(explorer.view.shown.filter(piece => piece.face === null))")
    regions = tab.evaluate("explorer.view.shown.filter(piece => piece.face === null).map(piece => piece.region)")
    assert sum(areas) == pytest.approx(4)
    where = 2 * at - 1
    lower, upper = np.full(3, -1.0), np.full(3, 1.0)
    lower[axis] = upper[axis] = where
    flat = partition.network
    wanted = Lens(flat).partition(Box(lower, upper))
    assert sorted(map(tuple, partition.patterns()[regions].tolist())) == sorted(map(tuple, wanted.patterns().tolist()))
    by_pattern = dict(zip(map(tuple, wanted.patterns().tolist()), wanted.volumes(), strict=True))
    for region, area in zip(regions, areas, strict=True):
        assert area == pytest.approx(by_pattern[tuple(partition.patterns()[region].tolist())], abs=1e-9)
    kept = tab.evaluate(f"({AREAS})(explorer.view.shown.filter(piece => piece.face !== null))")
    assert sum(kept) == pytest.approx(4 + 4 * 2 * (where + 1))


def test_a_level_is_the_surface_that_python_finds(show):
    partition = PARTITIONS["generic"]()
    tab = show(partition.explorer(output=1))
    tab.evaluate("explorer.set({ level: 0.4, cut: null })")
    level = tab.evaluate("explorer.view.levelValue()")
    surface = partition.level_set(1, level)
    assert sum(tab.evaluate(f"({AREAS})(explorer.view.surface())")) == pytest.approx(surface.area, rel=1e-5)
    assert set(tab.evaluate("explorer.view.surface().map(piece => piece.region)")) >= set(surface.regions.tolist())


def test_bent_hyperplanes(show):
    partition = PARTITIONS["generic"]()
    tab = show(partition.explorer())
    rings = """(({{ mesh }}) =>
      mesh.bentHyperplane({}).map(f => ({{ ring: [...mesh.cornersOf(f)].map(c => ({{ at: mesh.place(c) }})) }}))
    )(explorer.stage)"""
    for bit, (layer, neuron) in enumerate([(0, j) for j in range(9)] + [(1, j) for j in range(8)]):
        area = sum(tab.evaluate(f"({AREAS})({rings.format(bit)})"))
        assert area == pytest.approx(partition.complex.bent_hyperplane(layer, neuron).area)


def test_the_region_under_the_pointer_is_shown(show):
    partition = PARTITIONS["generic"]()
    tab = show(partition.explorer())
    box = tab.locator("#frame").bounding_box()
    rng = np.random.default_rng(1)
    kinds = set()
    for px, py in rng.uniform(0.2, 0.8, (40, 2)):
        tab.mouse.move(box["x"] + px * box["width"], box["y"] + py * box["height"])
        region, point = tab.evaluate("[explorer.hover.region, explorer.hover.point]")
        if region < 0:
            kinds.add(region)
            continue
        point = np.clip(point, -1, 1)
        kinds.add("cut" if point[0] == 0 else "side")
        inward = point * (1 - 1e-9)
        assert partition.locate([point if point[0] == 0 else inward])[0] == region
        assert tab.evaluate("p => explorer.view.toScreen(p)", point.tolist()) == pytest.approx(
            tab.evaluate(f"[{px} * {box['width']}, {py} * {box['height']}]"), abs=0.6
        )
        tab.wait_for_function(f"document.querySelector('h2').textContent === 'Region {region}'")
    assert kinds >= {"cut", "side", -1}


def test_controls_turn_cut_and_keep_the_address(show):
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (50, 3))
    page = PARTITIONS["generic"]().explorer(points=points, labels=(points[:, 0] > 0).astype(int))
    tab = show(page)
    for color in ("value", "slope", "pattern", "layer", "class", "purity"):
        tab.select_option("#color", color)
        assert tab.inner_text("#legend")
    before = tab.evaluate("explorer.view.matrix()")
    tab.press("#plot", "ArrowLeft")
    tab.press("#plot", "+")
    tab.press("#plot", "Shift+ArrowUp")
    assert tab.evaluate("explorer.view.matrix()") != before
    tab.select_option("#cut-axis", "2")
    tab.focus("#cut")
    tab.keyboard.press("PageUp")
    tab.check("#level-on")
    tab.click("#theme")
    tab.press("#plot", "Enter")
    tab.wait_for_selector(".mark")
    tab.wait_for_function("location.hash.includes('region=') && location.hash.includes('theme=dark')")
    kept = "[explorer.view.matrix(), explorer.state]"
    address, wanted = tab.evaluate("location.hash"), tab.evaluate(kept)
    again = show(page, address).evaluate(kept)
    np.testing.assert_allclose(again[0], wanted[0], rtol=1e-12, atol=1e-12)
    assert again[1] == wanted[1]
    tab.press("#plot", "0")
    np.testing.assert_allclose(tab.evaluate("explorer.view.matrix()"), before)
    show(page, "#view=1,2,3").evaluate("explorer.goTo(5)")


def test_solids_move_smoothly_without_a_card(show):
    tab = show(random_lens((12, 12)).partition(CUBE).explorer(), width=1300, height=1000)
    assert max(tab.evaluate(DRAG) for _ in range(2)) > 20


def test_without_webgl_the_page_says_so(browser, tmp_path):
    page = PARTITIONS["twice"]().explorer(tmp_path / "page.html")
    context = browser.new_context()
    context.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more)"
        "{ return kind === 'webgl2' ? null : get.call(this, kind, ...more); }"
    )
    tab = context.new_page()
    tab.goto((tmp_path / "page.html").as_uri())
    tab.wait_for_function("document.getElementById('busy').textContent.includes('needs WebGL 2')")
    context.close()
    assert page.n_regions
