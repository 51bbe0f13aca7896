"""What is given for an option by mistake, and the one sentence that should follow."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import PolytopeLensError

NO_COUNTS = (None, True, -1, 2.5, "a", "3", np.nan, np.inf, [3], (), {}, np.arange(2), np.float64(3), 10**30, object())
NO_NUMBERS = (None, True, "a", "3", np.nan, -np.inf, [3.0], (), {}, np.zeros(2), 10**400, object())
NO_NAMES = (None, True, 3, 2.5, "nonsense", "", [], ["nonsense"], {}, np.zeros(2), object())
NO_TEXTS = (None, True, 3, 2.5, [], ["a"], {}, b"a", np.zeros(2), object())
NO_PATHS = (None, True, 3, 2.5, "", [], ["a"], {}, b"a", np.zeros(2), object())
NO_OBJECTS = (True, 3, 2.5, "a", [], {}, np.zeros(2), object())


def refuses(call, name, values, says):
    """Check that each value of an option is refused in one sentence that names what is wrong."""
    for value in values:
        with pytest.raises(PolytopeLensError, match=says) as refused:
            call(**{name: value})
        assert "\n" not in str(refused.value)
