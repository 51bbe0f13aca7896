"""What a refusal advises works: each call that is refused stands beside one that does what its message says."""

from __future__ import annotations

import json
import re
from fractions import Fraction

import numpy as np
import pytest
from matplotlib import pyplot

from families import golden, random_deep
from polytope_lens import Box, Lens, Partition, Polytope, PolytopeLensError, Property, experiments
from polytope_lens.cli import main
from polytope_lens.importers.npz import save_npz
from polytope_lens.io.array_archive import load_array
from polytope_lens.polyhedral_complex.dual_graph import components, diameter
from polytope_lens.polytope import double_description
from polytope_lens.polytope.metric.extent import Width
from polytope_lens.render.matplotlib import three_panels
from polytope_lens.training import Recorder, Recording, measure

THIRD = Fraction(1, 3)
SQUARE, CUBE = Box([-1, -1], [1, 1]), Box([-1] * 3, [1] * 3)
PLANE, SPACE, MANY = Lens(golden((2, 4, 4), 1)), Lens(golden((3, 4, 2), 1)), Lens(random_deep((5, 6, 6), 0, 0.0))
LINE = Lens.from_arrays([[[1.0], [2.0]], [[1, 1]]], [[0, -1], [0]])
CLASSES = Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], np.eye(3)], [[0, 0, -1], [0, 0, 0]])
BROAD = Lens.from_arrays([[[1, 0], [0, 1]], np.ones((30, 2))], [[0, 0], np.zeros(30)])
PYRAMID = Polytope([[1, 0, -1], [-1, 0, -1], [0, 1, -1], [0, -1, -1]], [0] * 4)
ROUGH = Width(1.0, 2.0, np.array([1.0, 0.0]), False)
QUADRANT = Polytope([[-1, 0], [0, -1]], [0, 0])
UNIT = Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, 0, 1, 0])
RAMP = np.linspace(0, 1, 16).reshape(4, 4)
WHOLE = PLANE.partition(SQUARE)
PART = PLANE.explore([0.1, 0.2], SQUARE, max_regions=3)


def simplex():
    """A new one, of which nothing is known yet."""
    return Polytope(np.vstack([-np.eye(9), np.ones((1, 9))]), [0] * 9 + [1])


SIMPLEX = simplex()


def apart():
    from scipy.sparse import csr_array

    return csr_array(np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], dtype=bool))


def largest(graph):
    label = components(graph)
    index = np.flatnonzero(label == label[0])
    return graph[index][:, index]


def scaled(polytope, factor):
    return Polytope(polytope.A * factor, polytope.b)


def recording(steps=(0, 5), **options):
    return Recording(list(steps), (PLANE.network,) * len(steps), **{"domain": SQUARE, **options})


def recorder():
    torch = pytest.importorskip("torch")
    return Recorder(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)))


def recorded(*steps):
    found = recorder()
    for step in steps:
        found(step)
    return found


def entered(times, of=recorder):
    with of() as one:
        for _ in range(times - 1):
            with one:
                pass


ARGUMENTS = {
    "NaN": (lambda: PLANE([[np.nan, 1]]), "Remove NaN and infinite values first", lambda: PLANE([[0.5, 1]])),
    "rounded": (lambda: PLANE([[2**53 + 1, 1]]), "Round it yourself", lambda: PLANE([[float(2**53 + 1), 1]])),
    "masked": (lambda: PLANE(np.ma.masked_array([[1.0, 2.0]], [[0, 1]])), "Fill them first, with numpy.ma.filled",
               lambda: PLANE(np.ma.filled(np.ma.masked_array([[1.0, 2.0]], [[0, 1]]), 0.0))),
    "memory": (lambda: UNIT.sample(2**60), "Ask for fewer at a time", lambda: UNIT.sample(2)),
    "a network": (lambda: PLANE.distance(3, SQUARE), r"Make a lens of a model first: `Lens\(model\)`",
                  lambda: PLANE.distance(PLANE, SQUARE)),
    "a domain": (lambda: PLANE.count([[-1, 1], [-1, 1]]), r"say `Box\(lower, upper\)`", lambda: PLANE.count(SQUARE)),
    "fractions": (
        lambda: LINE.partition(Polytope([[3], [-1]], [THIRD, THIRD])),
        r"Round it yourself, `Polytope\(P\.A, P\.b\)`",
        lambda: LINE.partition(Polytope(*parts(Polytope([[3], [-1]], [THIRD, THIRD]))))),
    "a point": (lambda: PLANE.partition(Box([0, 0], [0, 0])), r"ask `lens\.at\(x\)`", lambda: PLANE.at([0, 0])),
    "flat": (lambda: PLANE.partition(Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0, 1, 1])),
             "fix inputs by a box with equal bounds", lambda: PLANE.partition(Box([0, -1], [0, 1]))),
    "flat, along": (lambda: PLANE.partition(Polytope([[1, 1], [-1, -1], [0, 1], [0, -1]], [0, 0, 1, 1])),
                    r"`lens\.slice\(p, q, r\)`", lambda: PLANE.slice([0, 0], [1, -1]).partition(Box([-1], [1]))),
    "an engine": (lambda: SPACE.count(CUBE, "subdivide"), "Use 'auto', or one of .*polyhedra",
                  lambda: (SPACE.count(CUBE, "auto"), SPACE.count(CUBE, "polyhedra"))),
    "outside": (lambda: WHOLE.locate([[0, 0], [3, 0]]), "Choose a larger domain, or leave them out",
                lambda: (PLANE.partition(Box([-4, -4], [4, 4])).locate([[3, 0]]), WHOLE.locate([[0, 0]]))),
    "off the flat": (
        lambda: PLANE.at([0, 0.1], Box([0, -1], [0, 1])).nearest_boundary([1, 0.1]),
        "Leave such points out, or set them to that",
        lambda: PLANE.at([0, 0.1], Box([0, -1], [0, 1])).nearest_boundary([0, 0.1])),
    "flips and distance": (
        lambda: PLANE.explore([0, 0], max_flips=1, order="distance"), "Leave `order` out, or limit the search by",
        lambda: (PLANE.explore([0, 0], max_flips=1), PLANE.explore([0, 0], radius=1.0, order="distance"),
                 PLANE.explore([0, 0], max_regions=3, order="distance"))),
    "radius and breadth": (
        lambda: PLANE.explore([0, 0], radius=1.0, order="breadth"), "Leave out `max_flips` and `order`, or limit",
        lambda: (PLANE.explore([0, 0], radius=1.0), PLANE.explore([0, 0], max_flips=1, order="breadth"),
                 PLANE.explore([0, 0], max_regions=3, order="breadth"))),
    "all regions": (lambda: PART.function.norms() and PART.extrema(), "Raise `max_regions` or choose a smaller",
                    lambda: (PLANE.explore([0.1, 0.2], SQUARE, max_regions=10_000).extrema(),
                             PLANE.explore([0.1, 0.2], Box([0.1, 0.2], [0.1001, 0.2001]), max_regions=3).extrema())),
    "no bound": (lambda: Property.of(Polytope([[1.0]], [0]), ([[1]], [0])), "Add a constraint on that input alone",
                 lambda: LINE.check(Property.of(Polytope([[1.0], [-1.0]], [0, 1]), ([[1]], [0])))),
    "no point": (lambda: Property.of(([1], [0]), ([[1]], [0])), "Correct the bounds",
                 lambda: LINE.check(Property.of(([0], [1]), ([[1]], [0])))),
    "digits": (lambda: LINE.check(Property.of((["1e-400"], ["1e-400"]), ([[1]], [0]))) and
               LINE.check(Property.of(([0], [1]), ([["1e-700"]], ["1e-1400"]))), "Round them",
               lambda: LINE.check(Property.of(([0], [1]), ([[1]], [0])))),
    "one output": (lambda: PLANE.robustness_radius([0, 0]), "Give `value`.* for example `value=0`",
                   lambda: PLANE.robustness_radius([0, 0], value=0)),
    "an output alone": (lambda: PLANE.robustness_radius([0, 0], output=0), "Give both, or neither",
                        lambda: (PLANE.robustness_radius([0, 0], output=0, value=0),
                                 CLASSES.robustness_radius([3, 1]))),
    "three at once": (lambda: CLASSES.robustness_radius([3, 1], rival=1, value=1.0), "Give one of them",
                      lambda: (CLASSES.robustness_radius([3, 1], rival=1),
                               CLASSES.robustness_radius([3, 1], value=1.0, output=0))),
    "which output": (lambda: CLASSES.robustness_radius([3, 1], value=1.0), "Say which `output`",
                     lambda: CLASSES.robustness_radius([3, 1], value=1.0, output=2)),
    "the leader": (lambda: CLASSES.robustness_radius([3, 1], rival=int(np.argmax(CLASSES([[3, 1]])))),
                   "Choose another `rival`", lambda: CLASSES.robustness_radius([3, 1], rival=1)),
    "another region": (lambda: PLANE.at([0.1, 0.2]).nearest_boundary([50, 50], layer=0),
                       r"Ask the region it lies in, `lens\.at\(x\)`", lambda: PLANE.at([50, 50]).nearest_boundary()),
    "no layers": (lambda: Lens.from_arrays([np.eye(2)], [[0, 0]]).at([1, 1]).nearest_boundary(layer=0),
                  "layer should be -1, for the domain",
                  lambda: Lens.from_arrays([np.eye(2)], [[0, 0]]).at([1, 1], SQUARE).nearest_boundary(layer=-1)),
    "directions": (lambda: PLANE.local_complexity([0, 0], 1.0, n_directions=3), "ask for `estimate=True`",
                   lambda: PLANE.local_complexity([0, 0], 1.0, n_directions=3, estimate=True)),
    "points of a slice": (lambda: SPACE.slice([0, 0, 0], [1, 1, 1], [2, 2, 2]), "Choose points of which none",
                          lambda: SPACE.slice([0, 0, 0], [1, 1, 1], [2, 2, 1])),
    "a basis": (lambda: SPACE.slice(origin=[0, 0, 0], basis=[[1, 1, 1], [2, 2, 2]]), "Leave out rows that depend",
                lambda: SPACE.slice(origin=[0, 0, 0], basis=[[1, 1, 1]])),
    "facets not known": (lambda: PLANE.at([0, 0.1]).inequalities(facets=False).facets(),
                         r"Ask the region for its `inequalities\(\)` without it",
                         lambda: PLANE.at([0, 0.1]).inequalities().facets()),
}  # fmt: skip

QUESTIONS = {
    "a ray has no volume": (QUADRANT.volume, "Choose a bounded domain, or intersect the polytope with a box",
                            lambda: within(QUADRANT, 3).volume()),
    "nine dimensions": (SIMPLEX.volume, r"`estimate_volume\(\)` or the mean of `sample\(n\)`; or .* `exact=True`",
                        lambda: (SIMPLEX.estimate_volume(), SIMPLEX.sample(3), SIMPLEX.volume(exact=True))),
    "its centre": (simplex().centroid, r"the mean of `sample\(n\)`; or insist",
                   lambda: (SIMPLEX.sample(3).mean(axis=0), SIMPLEX.centroid(exact=True))),
    "bounds on a width": (lambda: float(ROUGH), "Take `lower` or `upper`", lambda: ROUGH.lower + ROUGH.upper),
    "vertices": (lambda: SIMPLEX.vertices(max_vertices=3), "Allow for more of them",
                 lambda: SIMPLEX.vertices(max_vertices=20)),
    "vertices known": (lambda: (UNIT.vertices(), UNIT.vertices(max_vertices=3)), "Allow for more of them",
                       lambda: UNIT.vertices(max_vertices=4)),
    "rays": (lambda: PYRAMID.rays(max_rays=3), "there are more than 3 on the way to them. Allow for more of them",
             lambda: PYRAMID.rays(max_rays=4)),
    "rays known": (lambda: (PYRAMID.rays(), PYRAMID.rays(max_rays=3)), "there are 4, more than 3. Allow for more",
                   lambda: PYRAMID.rays(max_rays=4)),
    "rays of a region": (
        lambda: MANY.at([0.1] * 5).rays(max_rays=1), "Allow for more of them, or leave out coordinates or rows",
        lambda: MANY.at([0.1] * 5, Box([0.1] * 3 + [-1, -1], [0.1] * 3 + [1, 1])).rays()),
    "points of a cone": (lambda: QUADRANT.sample(3), "Intersect it with a box|Choose a bounded domain, or intersect",
                         lambda: within(QUADRANT, 3).sample(3)),
    "points of a long cone": (lambda: cone_in(9).sample(3), "no uniform sample.*intersect the polytope with a box",
                              lambda: within(cone_in(9), 3).sample(3)),
    "points of a flat": (lambda: Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0, 1, 1]).sample(2),
                         r"In a flat box ask the region itself, `region\.sample\(n\)`",
                         lambda: PLANE.at([0, 0.1], Box([0, -1], [0, 1])).sample(2)),
    "a large ellipsoid": (lambda: scaled(UNIT, 1e-309).min_volume_ellipsoid(), "Scale it down",
                          lambda: UNIT.min_volume_ellipsoid()),
    "extrema everywhere": (lambda: PLANE.partition().extrema(), "Choose a bounded one, for example a `Box`",
                           lambda: PLANE.partition(SQUARE).extrema()),
    "integrals of many inputs": (
        lambda: MANY.partition(Box([-0.1] * 5, [0.1] * 5)).function.moments(),
        r"Look at a slice: `lens\.slice\(p, q, r\)`",
        lambda: MANY.slice([0] * 5, [1] + [0] * 4, [0, 1, 0, 0, 0]).partition(SQUARE).function.moments()),
    "level sets of many inputs": (
        lambda: MANY.partition(Box([-0.1] * 5, [0.1] * 5)).level_set(),
        r"Look at a plane: `lens\.slice\(p, q, r\)\.partition\(domain\)`",
        lambda: MANY.slice([0] * 5, [1] + [0] * 4, [0, 1, 0, 0, 0]).partition(SQUARE).level_set()),
    "ends of a ray": (lambda: LINE.partition().vertices(0), r"for example `Box\(\[-1\], \[1\]\)`",
                      lambda: LINE.partition(Box([-1], [1])).vertices(0)),
    "norms of many outputs": (
        lambda: BROAD.partition(SQUARE).lipschitz(3, output_norm=1), "Choose p = 1, q = inf, or p = q = 2",
        lambda: (BROAD.partition(SQUARE).lipschitz(1, output_norm=1), BROAD.partition(SQUARE).lipschitz(2),
                 BROAD.partition(SQUARE).lipschitz(3, output_norm=np.inf))),
    "exact norms": (lambda: WHOLE.lipschitz(2, exact=True), "Leave out `exact`", lambda: WHOLE.lipschitz(2)),
    "faces": (lambda: MANY.partition(Box([-0.1] * 5, [0.1] * 5)).complex.faces(max_regions=1),
              "Raise it, or choose a smaller domain",
              lambda: MANY.partition(Box([-0.01] * 5, [0.01] * 5)).complex.faces(max_regions=1000)),
    "overlays everywhere": (lambda: PLANE.overlay(CLASSES, None), r"Choose one, for example `Box\(",
                            lambda: PLANE.overlay(CLASSES, SQUARE)),
    "graphs in parts": (lambda: diameter(apart()), "Ask each of its `components` by itself",
                        lambda: diameter(largest(apart()))),
}  # fmt: skip

FILES = {
    "missing": (lambda path: Lens(path / "net.npz"), "Look for a slip in its name",
                lambda path: (save_npz(PLANE.network, path / "net.npz"), Lens(path / "net.npz"))),
    "no folder": (lambda path: WHOLE.save(path / "a" / "p.npz"), "Make it first",
                  lambda path: ((path / "a").mkdir(), WHOLE.save(path / "a" / "p.npz"))),
    "no partition": (lambda path: (save_npz(PLANE.network, path / "p.npz"), Partition.load(path / "p.npz")),
                     "Write one with `partition.save`; of a network, make a Lens",
                     lambda path: (Lens(path / "p.npz"), WHOLE.save(path / "q.npz"), Partition.load(path / "q.npz"))),
    "no recording": (lambda path: (WHOLE.save(path / "p.npz"), Recording.load(path / "p.npz")),
                     "Write one with `recording.save`",
                     lambda path: (recording().save(path / "r.npz"), Recording.load(path / "r.npz"))),
    "other JSON": (lambda path: Polytope.from_json(json.dumps({"a": 1})), r"Write it with `export\.json\(\)`",
                   lambda path: Polytope.from_json(UNIT.export.json())),
    "an unknown line": (
        lambda path: Polytope.from_ine(UNIT.export.ine() + "bogus\n"), "Take it out if it does not",
        lambda path: Polytope.from_ine(UNIT.export.ine())),
    "a changed archive": (
        lambda path: (WHOLE.save(path / "p.npz"), changed(path / "p.npz"), Partition.load(path / "p.npz")),
        "Write it again", lambda path: (WHOLE.save(path / "p.npz"), Partition.load(path / "p.npz"))),
    "a use of options": (lambda path: (save_npz(PLANE.network, path / "n.npz"), Lens(path / "n.npz", (2,))),
                         "Leave it out", lambda path: Lens(path / "n.npz")),
    "measures of others": (lambda path: filmed(path, recording(), measures=measure(recording((0, 7)))),
                           "Leave them out, and they are found", lambda path: filmed(path, recording())),
    "a small film": (lambda path: filmed(path, recording(), size=(40, 30)), "Choose a larger size or fewer panels",
                     lambda path: filmed(path, recording(), size=(640, 480))),
    "a picture of floats": (lambda path: picture(path, "F"), "Save it with 8 or 16 bits per pixel",
                            lambda path: picture(path, "L")),
    "no .npy": (lambda path: load_array(saved(path)), "numpy.save",
                lambda path: (np.save(path / "x.npy", [0.5, 0.5]), load_array(path / "x.npy"))),
}  # fmt: skip

TRAININGS = {
    "colours": (lambda: experiments.sample(np.zeros((4, 4, 3)), 4, 2), r"image\[\.\.\., :3\]\.mean\(axis=2\)",
                lambda: (experiments.sample(np.zeros((4, 4, 3))[..., 0], 4, 2),
                         experiments.sample(np.zeros((4, 4, 3))[..., :3].mean(axis=2), 4, 2))),
    "bytes": (lambda: experiments.sample(np.zeros((4, 4), np.uint8), 4, 2), r"image / 255 .*image\.astype\(int\)",
              lambda: (experiments.sample(np.zeros((4, 4), np.uint8) / 255, 4, 2),
                       experiments.sample(np.zeros((4, 4), np.uint8).astype(int), 4, 2))),
    "samples": (lambda: experiments.sample(RAMP, 10, 7), "Choose a larger image or fewer samples",
                lambda: (experiments.sample(np.zeros((5, 5)), 10, 7), experiments.sample(RAMP, 10, 6))),
    "layers": (lambda: experiments.equal_parameters(9, 5), "Take fewer", lambda: experiments.equal_parameters(1, 5)),
    "narrow layers": (lambda: experiments.equal_parameters(9, 12), "Take fewer layers",
                      lambda: experiments.equal_parameters(3, 12)),
    "categories of no image": (
        lambda: experiments.train(experiments.mlp((2, 3, 1)), experiments.sample(RAMP, 10, 2), steps=1,
                                  loss="cross-entropy"),
        r"Make such a target with `categories\(image, n\)`, or choose loss='mse'",
        lambda: (experiments.train(experiments.mlp((2, 3, 2)),
                                   experiments.sample(experiments.categories(RAMP, 2), 10, 2),
                                   steps=1, loss="cross-entropy"),
                 experiments.train(experiments.mlp((2, 3, 1)), experiments.sample(RAMP, 10, 2), steps=1, loss="mse"))),
    "steps go back": (lambda: recorded(5, 3), "Make another Recorder for another training",
                      lambda: (recorded(5), recorded(3))),
    "recorded twice": (lambda: entered(2), "Make another one to record the model twice", lambda: entered(1)),
    "a target beyond the domain": (
        lambda: measure(recording(target=RAMP, domain=Box([0, 0], [1, 1]))),
        "Choose a box that holds the square, or leave the target out",
        lambda: (measure(recording(target=RAMP, domain=SQUARE)), measure(recording(domain=Box([0, 0], [1, 1]))))),
    "categories that are none": (
        lambda: measure(recording(target=np.arange(16).reshape(4, 4))), "give them as floats",
        lambda: measure(recording(target=np.arange(16).reshape(4, 4).astype(float)))),
}  # fmt: skip


def parts(poly):
    return poly.A, poly.b


def filmed(path, seen, **options):
    seen.film(path / "a.gif", **options)


def picture(path, mode, size=(4, 4)):
    from PIL import Image

    Image.new(mode, size).save(path / "a.tif")
    return experiments.from_file(path / "a.tif")


def within(poly, size):
    d = poly.dim
    sides = np.vstack([np.eye(d), -np.eye(d)])
    return Polytope(np.vstack([poly.A, sides]), [*poly.b, *[size] * (2 * d)])


def cone_in(dim):
    return Polytope(-np.eye(dim), [0] * dim)


def changed(path):
    with np.load(path) as arrays:
        found = dict(arrays)
    found["witnesses"] = found["witnesses"] + 1
    np.savez(path, **found)


def saved(folder):
    save_npz(PLANE.network, folder / "net.npz")
    return folder / "net.npz"


def check(refused, says, advised):
    with pytest.raises(PolytopeLensError, match=says) as found:
        refused()
    assert "\n" not in str(found.value)
    advised()


@pytest.mark.parametrize("case", [*ARGUMENTS])
def test_arguments(case):
    check(*ARGUMENTS[case])


@pytest.mark.parametrize("case", [*QUESTIONS])
def test_questions(case):
    check(*QUESTIONS[case])


@pytest.mark.parametrize("case", [*FILES])
def test_files(case, tmp_path):
    refused, says, advised = FILES[case]
    check(lambda: refused(tmp_path), says, lambda: advised(tmp_path))


@pytest.mark.parametrize("case", [*TRAININGS])
def test_trainings(case):
    pytest.importorskip("torch")
    check(*TRAININGS[case])


def test_rays_and_corners_with_too_many_digits(monkeypatch):
    """So many coordinates that the first rays alone would take too long."""
    monkeypatch.setattr(double_description, "MOST_BITS", 500)
    poly, d = within(simplex(), 1), 9
    check(poly.vertices, r"the first 10 of them have 10 coordinates of up to .* digits each\. Fix some coordinates",
          lambda: (poly.facets(), poly.chebyshev_ball()))  # fmt: skip
    cone = Polytope(-np.eye(d) - 1, [0] * d)
    check(cone.rays, r"the first 9 of them have 9 coordinates .*`facets\(\)`", lambda: cone.rays(max_rays=None))
    half = Polytope([[2, *[1000] * 40], [3, *range(40)]], [0, 0])
    check(half.rays, "the first 39 of them have 2 coordinates", half.chebyshev_ball)


def test_commands(capsys, tmp_path, monkeypatch):
    """What a command advises is said in its own options."""
    monkeypatch.chdir(tmp_path)
    saved(tmp_path)
    np.save("x.npy", [0.5, 0.5])
    for refused, says, *advised in (
        ("count net.npz", "Say --box LOWER UPPER, or --everywhere",
         "count net.npz --box -1 1", "count net.npz --everywhere"),
        ("at net.npz", "either as numbers or by --point FILE", "at net.npz 0.5 0.5", "at net.npz --point x.npy"),
        ("explore net.npz 0 0 --max-flips 1 --order distance", "Leave `--order` out, or limit the search by `--radius`",
         "explore net.npz 0 0 --max-flips 1", "explore net.npz 0 0 --radius 1 --order distance"),
        ("robustness net.npz 0 0", "Give `--value`, .*for example `--value 0`", "robustness net.npz 0 0 --value 0"),
        ("robustness net.npz 0 0 --output-index 0", "`--output-index` goes with `--value`",
         "robustness net.npz 0 0 --output-index 0 --value 0"),
        ("path net.npz", "needs the 2 coordinates of each of its points, or else --points", "path net.npz 0 0 1 1"),
        ("export net.npz 0 0", "needs --format, one of",
         "export net.npz 0 0 --format ine", "export net.npz 0 0 -o a.ine"),
    ):  # fmt: skip
        assert main(refused.split()) == 2
        assert re.search(says, capsys.readouterr().err)
        for command in advised:
            assert main(command.split()) == 0
    assert main(["explore", "net.npz", "0", "0", "--max-regions", "2"]) == 3
    assert "Raise `--max-regions` or choose a smaller `--box`" in capsys.readouterr().out
    assert main(["explore", "net.npz", "0", "0", "--max-regions", "1000"]) == 0
    assert main(["explore", "net.npz", "0.1", "0.1", "--max-regions", "2", "--box", "0.09", "0.11"]) == 0


def test_pictures():
    wide = PLANE.partition(Box([-1e300, -1e300], [1e300, 1e300]))
    check(wide.plot, "Choose a smaller one", WHOLE.plot)
    everywhere = PLANE.partition(UNIT)
    check(
        lambda: three_panels(everywhere, RAMP, None, None),
        "Choose a Box",
        lambda: three_panels(WHOLE, RAMP, None, None),
    )
    pyplot.close("all")
