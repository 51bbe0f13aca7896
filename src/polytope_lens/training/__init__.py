"""How a network is trained, kept as data: recordings of any training loop, what is measured in them, and films.

Modules are named after what they hold: `recorder` watches a training, a `recording` keeps it, an `archive` is its file,
`measures` and `events` say what happened in it, `films` show it. Importing this package loads neither torch nor
matplotlib; the functions that need them do.
"""

from polytope_lens.training.events import Events, Transition, ages
from polytope_lens.training.films.film import film
from polytope_lens.training.measures import Measures, measure
from polytope_lens.training.recorder import Recorder
from polytope_lens.training.recording import Recording
from polytope_lens.training.samples import Samples

__all__ = [
    "Events",
    "Measures",
    "Recorder",
    "Recording",
    "Samples",
    "Transition",
    "ages",
    "film",
    "measure",
]
