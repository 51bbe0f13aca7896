"""Experiments with training: target images, samples of them, networks to fit them, and films of how they do it.

Importing this package does not load torch; the functions that need it do.
"""

from polytope_lens.training.events import Events, Transition, ages
from polytope_lens.training.images import categories, from_file, lookup, pixel_coordinates
from polytope_lens.training.measures import Measures, measure
from polytope_lens.training.models import RING_SHAPE, equal_parameters, mlp, n_parameters, shape_of
from polytope_lens.training.recorder import Recorder
from polytope_lens.training.recording import Recording
from polytope_lens.training.sampling import Samples, sample
from polytope_lens.training.targets import checkerboard, disc, moons, named, photograph, ring, spiral, text
from polytope_lens.training.trainer import TrainingHistory, train

__all__ = [
    "RING_SHAPE",
    "Events",
    "Measures",
    "Recorder",
    "Recording",
    "Samples",
    "TrainingHistory",
    "Transition",
    "ages",
    "categories",
    "checkerboard",
    "disc",
    "equal_parameters",
    "from_file",
    "lookup",
    "measure",
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
