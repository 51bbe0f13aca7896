"""What pages of explorers carry along."""

from __future__ import annotations

import re

from polytope_lens.render.explorer.payload import unpacked


def payloads(page):
    """What the page is told, and its arrays: first about all frames, then about each."""
    return [unpacked(text) for text in re.findall(r'class="payload">([^<]*)<', page.html)]
