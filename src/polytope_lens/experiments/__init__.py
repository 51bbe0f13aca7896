"""The experiments of the posts: images to learn, networks that learn them, runs by name, and what was found in them.

`toy` makes the problem: targets, points, models, and a loop that trains. `run` is one training with what is measured in
it, `posts` are the experiments by name, `demo` is one of them told aloud, and `findings` ask questions of trainings.
All of it stands on `polytope_lens.training`, which knows nothing of it. Importing this package does not load
torch; the functions that need it do.
"""

from polytope_lens.experiments.posts import experiment
from polytope_lens.experiments.run import Run, RunSetting, learn
from polytope_lens.experiments.toy.images import categories, from_file, lookup, pixel_coordinates
from polytope_lens.experiments.toy.models import RING_SHAPE, equal_parameters, mlp, n_parameters, shape_of
from polytope_lens.experiments.toy.pixel_samples import sample
from polytope_lens.experiments.toy.targets import checkerboard, disc, moons, named, photograph, ring, spiral, text
from polytope_lens.experiments.toy.trainer import TrainingHistory, train

__all__ = [
    "RING_SHAPE",
    "Run",
    "RunSetting",
    "TrainingHistory",
    "categories",
    "checkerboard",
    "disc",
    "equal_parameters",
    "experiment",
    "from_file",
    "learn",
    "lookup",
    "mlp",
    "moons",
    "n_parameters",
    "named",
    "photograph",
    "pixel_coordinates",
    "ring",
    "sample",
    "shape_of",
    "spiral",
    "text",
    "train",
]
