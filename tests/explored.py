"""What pages of explorers carry along, and how a hand drags their picture."""

from __future__ import annotations

import re

from polytope_lens.render.explorer.payload import unpacked

# Frames a second while the picture is dragged for two seconds.
DRAG = """() => new Promise(done => {
  const plot = document.getElementById('plot');
  plot.setPointerCapture = () => {};
  const send = (type, x, y) =>
    plot.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: x, clientY: y, button: 0, bubbles: true }));
  send('pointerdown', 400, 400);
  let [n, began] = [0, 0];
  const next = (now) => {
    if (!n++) began = now;
    send('pointermove', 400 + 90 * Math.sin(n / 9), 400 + 60 * Math.cos(n / 7));
    if (now - began < 2000) return requestAnimationFrame(next);
    send('pointerup', 400, 400);
    return done((1000 * (n - 1)) / (now - began));
  };
  requestAnimationFrame(next);
})"""


def payloads(page):
    """What the page is told, and its arrays: first about all frames, then about each."""
    return [unpacked(text) for text in re.findall(r'class="payload">([^<]*)<', page.html)]
