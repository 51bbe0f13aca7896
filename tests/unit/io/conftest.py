from __future__ import annotations

import pytest

from written import CELLS


@pytest.fixture(params=list(CELLS))
def cell(request):
    return CELLS[request.param]
