"""Experiments with training: target images, samples of them, networks to fit them, and films of how they do it.

Importing this package does not load torch; the functions that need it do.
"""

from polytope_lens.training.events import Events, Transition, ages
from polytope_lens.training.models import RING_SHAPE, mlp
from polytope_lens.training.recorder import Recorder
from polytope_lens.training.recording import Recording
from polytope_lens.training.sampling import Samples, sample
from polytope_lens.training.targets import disc, from_file, lookup, pixel_coordinates, ring
from polytope_lens.training.trainer import TrainingHistory, train

__all__ = [
    "RING_SHAPE",
    "Events",
    "Recorder",
    "Recording",
    "Samples",
    "TrainingHistory",
    "Transition",
    "ages",
    "disc",
    "from_file",
    "lookup",
    "mlp",
    "pixel_coordinates",
    "ring",
    "sample",
    "train",
]
