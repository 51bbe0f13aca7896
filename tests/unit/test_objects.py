"""What can be asked of the objects that users meet: these names, all of them on the page, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from polytope_lens import Box, Lens

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "objects.md"
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"])
NAMESPACES = {("region", "export"), *(("partition", name) for name in ("plot", "function", "complex", "export"))}

LENS = Lens.from_arrays([np.eye(3)[:2], [[1, 1]]], [[0, 0], [0]])
PARTITION = LENS.partition(Box([-1] * 3, [1] * 3))
PREIMAGE = LENS.preimage(([[1]], [1]), PARTITION.domain)
REGION = PARTITION[0]
OBJECTS = {
    "Lens": LENS, "Network": LENS.network, "Region": REGION, "Polytope": REGION.polytope,
    "Inequalities": REGION.inequalities(), "Partition": PARTITION, "plot": PARTITION.plot,
    "function": PARTITION.function, "complex": PARTITION.complex, "export": PARTITION.export,
    "Preimage": PREIMAGE, "region.export": REGION.export, "Path": LENS.path([0, 0, 0], [1, 1, 1]),
}  # fmt: skip

# What completion shows. Add a name here, and on the page, only if a user should be offered it.
MEMBERS = {
    "Lens": """
        at characteristic_polynomial check count crossings cutting_neurons distance embed estimate example
        explore flat from_arrays image integrated_gradients is_equal level_facets lipschitz local_complexity lowering
        maximum minimum network overlay part partition path patterns preimage project region_count_bounds regions
        robustness_radius self_check slice
    """,
    "Network": """
        augmented_weights bits_per_layer dense_output_weight input_dim layers n_neurons output_bias output_dim
        output_weight widths
    """,
    "Region": """
        activation_matrices affine_map augmented_map bounding_box chebyshev_ball contains distance domain
        estimate_volume export inequalities is_bounded nearest_boundary neighbors network on_flat pattern point polytope
        power_cells rays sample vanishing vertices volume
    """,
    "Polytope": """
        A b bounding_box centroid chebyshev_ball contains cvxpy_constraints diameter dim distance estimate_volume export
        facets fractions from_ine from_json has_interior incidences is_bounded is_empty max_volume_ellipsoid
        min_volume_ellipsoid owners project rays rows sample to_shapely vertices volume width
    """,
    "Inequalities": """
        A b contains distances error facets format is_exact is_facet layer neuron point to_polytope
    """,
    "Partition": """
        adjacency betti boundary bounded_mask certificate chebyshev_balls complex counts_per_layer data_table domain
        engine explain explorer export extrema function is_complete level_set linear_pieces lipschitz load locate maps
        mesh network neurons on_flat packed_patterns patterns plot polygons rays save search status to_frame
        to_geodataframe to_networkx vertices volumes witnesses
    """,
    "Preimage": """
        adjacency betti boundary bounded_mask certificate chebyshev_balls complex contains counts_per_layer data_table
        domain engine explain explorer export extrema flat_parts function has_all_cells is_complete level_set
        linear_pieces lipschitz load locate maps mesh network neurons on_flat packed_patterns patterns plot polygons
        probability rays save search source status target to_frame to_geodataframe to_networkx vertices volumes
        witnesses
    """,
    "plot": "interactive surface",
    "function": "critical_cells gradient_variation jumps moments norms persistence pieces total_variation",
    "complex": "bent_hyperplane f_vector faces facets linear_region_counts",
    "export": "obj ply write",
    "Path": """
        breakpoints embed exact_breakpoints flips jumps length lengths network packed_patterns patterns pieces plot
        points regions segments
    """,
    "region.export": "ine json latex lp smtlib vnnlib wkt write",
}


@pytest.mark.parametrize("name", OBJECTS)
def test_completion_shows_what_is_meant(name):
    shown = [member for member in dir(OBJECTS[name]) if not member.startswith("_")]
    assert shown == sorted(MEMBERS[name].split())


@pytest.mark.parametrize("name", ["plot", "function", "complex", "export", "region.export"])
def test_a_namespace_prints_what_it_answers(name):
    assert set(re.findall(r"\w+", repr(OBJECTS[name]).partition("(")[2])) | {"write"} >= set(MEMBERS[name].split())


def test_what_holds_a_partition_holds_nothing_else():
    for name in ("plot", "function", "complex", "export"):
        with pytest.raises(AttributeError):
            OBJECTS[name]._partition = None
        assert not hasattr(OBJECTS[name], "__dict__")
        assert OBJECTS[name]._partition is PARTITION


@pytest.mark.parametrize(
    "name", ["Lens", "Network", "Region", "Polytope", "Inequalities", "Partition", "Preimage", "Path"]
)
def test_the_page_names_every_member(name):
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = next(text for text in sections if text.startswith(f"{name}:"))
    table = " ".join(line for line in section.splitlines() if line.startswith("|"))
    if name == "Preimage":  # which is a partition, too
        table += " ".join(f"`{member}`" for member in MEMBERS["Partition"].split())
    told = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", table))))
    spaces = {"Partition": ("plot", "function", "complex", "export"), "Polytope": ("region.export",)}.get(name, ())
    members = set(" ".join(MEMBERS[part] for part in (name, *spaces)).split())
    assert not members - told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_ask_for_what_there_is(page):
    """Snippets run, see test_pages.py; this is about names that stand in a sentence, a table or a list."""
    names = {name: OBJECTS[name.capitalize()] for name in ("lens", "region", "partition", "path")}
    asked = re.findall(r"(?<![\w./\"'])(lens|region|partition|path)\.([a-z_0-9]+)(?:\.([a-z_0-9]+))?", page.read_text())
    for name, member, inner in asked:
        if member in ("ine", "smt2", "md", "py", "fish"):
            continue  # the end of a file's name
        assert hasattr(names[name], member), (name, member)
        if inner and (name, member) in NAMESPACES:
            assert hasattr(getattr(names[name], member), inner), (name, member, inner)
