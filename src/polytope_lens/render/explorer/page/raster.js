// Shapes drawn without a graphics card: pixel by pixel, each with the colour of the shape that its centre is in, so that
// there are no seams; and lines by the canvas.

/**
 * Fill polygons of `shapes` into an image of width x height pixels. `transform` is [sx, tx, sy, ty]: pixel = s * world + t.
 * `chosen` are the regions in view, or null for all.
 */
export function fill(image, shapes, transform, chosen) {
  const { width, height } = image;
  const out = new Uint32Array(image.data.buffer);
  out.fill(0);
  const [sx, tx, sy, ty] = transform;
  const { points, corners, indptr, byPoint, scale, colors, first } = shapes;
  const left = new Float64Array(height);
  const right = new Float64Array(height);
  const leftValue = new Float64Array(height);
  const rightValue = new Float64Array(height);
  const last = scale ? scale.length - 1 : 0;

  function polygon(k) {
    const start = indptr[k];
    const stop = indptr[k + 1];
    let top = height;
    let bottom = -1;
    let here = corners ? corners[stop - 1] : stop - 1;
    let x0 = sx * points[2 * here] + tx;
    let y0 = sy * points[2 * here + 1] + ty;
    let v0 = byPoint ? byPoint[here] : 0;
    for (let e = start; e < stop; e++) {
      here = corners ? corners[e] : e;
      const x1 = sx * points[2 * here] + tx;
      const y1 = sy * points[2 * here + 1] + ty;
      const v1 = byPoint ? byPoint[here] : 0;
      // Rows whose centres lie between the ends, of which the lower one is included.
      const from = Math.max(Math.ceil(Math.min(y0, y1) - 0.5), 0);
      const to = Math.min(Math.ceil(Math.max(y0, y1) - 0.5), height) - 1;
      if (from <= to) {
        // Neighbours compute their common edge alike, from its lower end on.
        const flip = y0 > y1;
        const [xa, ya, va] = flip ? [x1, y1, v1] : [x0, y0, v0];
        const dx = ((flip ? x0 : x1) - xa) / ((flip ? y0 : y1) - ya);
        const dv = ((flip ? v0 : v1) - va) / ((flip ? y0 : y1) - ya);
        // The ring is connected, so rows that have been met follow one another.
        const [before, after] = [top, bottom];
        for (let row = from; row <= to; row++) {
          const x = xa + (row + 0.5 - ya) * dx;
          const v = va + (row + 0.5 - ya) * dv;
          if (row < before || row > after) {
            left[row] = right[row] = x;
            leftValue[row] = rightValue[row] = v;
          } else if (x < left[row]) {
            left[row] = x;
            leftValue[row] = v;
          } else if (x > right[row]) {
            right[row] = x;
            rightValue[row] = v;
          }
        }
        if (from < top) top = from;
        if (to > bottom) bottom = to;
      }
      x0 = x1;
      y0 = y1;
      v0 = v1;
    }
    for (let row = top; row <= bottom; row++) {
      const from = Math.max(Math.ceil(left[row] - 0.5), 0);
      const to = Math.min(Math.ceil(right[row] - 0.5), width);
      if (from >= to) continue;
      const base = row * width;
      if (!byPoint) {
        out.fill(colors[k], base + from, base + to);
        continue;
      }
      const across = right[row] - left[row];
      const step = across > 0 ? ((rightValue[row] - leftValue[row]) / across) * last : 0;
      let v = leftValue[row] * last + (from + 0.5 - left[row]) * step + 0.5;
      for (let x = base + from; x < base + to; x++, v += step) out[x] = scale[v < 0 ? 0 : v > last ? last : v | 0];
    }
  }

  const regions = chosen || { length: first ? first.length - 1 : indptr.length - 1 };
  for (let i = 0; i < regions.length; i++) {
    const region = chosen ? chosen[i] : i;
    if (!first) polygon(region);
    else for (let k = first[region]; k < first[region + 1]; k++) polygon(k);
  }
}

/**
 * Edges as lines, the deepest layer first so that earlier ones are on top. `edges` are lists of entries, one for each
 * layer; `style(layer)` gives colour and width. What is shorter than a pixel is left out.
 */
export function strokeEdges(context, mesh, edges, transform, style) {
  const [sx, tx, sy, ty] = transform;
  const { points, corners } = mesh;
  context.lineCap = "round";
  for (let layer = edges.length - 1; layer >= 0; layer--) {
    const { color, width } = style(layer);
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    for (const e of edges[layer]) {
      const a = corners[e];
      const b = corners[mesh.next(e)];
      const ends = [sx * points[2 * a] + tx, sy * points[2 * a + 1] + ty, sx * points[2 * b] + tx, sy * points[2 * b + 1] + ty];
      if (Math.abs(ends[2] - ends[0]) + Math.abs(ends[3] - ends[1]) < 1) continue;
      line(context, ends);
    }
    context.stroke();
  }
}

const FAR = 32768; // pixels: a canvas computes in single precision

/** Add a segment to the path of a canvas, cut off far outside. */
export function line(context, [x0, y0, x1, y1]) {
  let [from, to] = [0, 1];
  for (const [start, stop] of [
    [x0, x1],
    [y0, y1],
  ]) {
    if (Math.abs(start) <= FAR && Math.abs(stop) <= FAR) continue;
    const [t, u] = [(-FAR - start) / (stop - start), (FAR - start) / (stop - start)];
    if (!(start !== stop)) return;
    from = Math.max(from, Math.min(t, u));
    to = Math.min(to, Math.max(t, u));
  }
  if (from > to) return;
  context.moveTo(x0 + from * (x1 - x0), y0 + from * (y1 - y0));
  context.lineTo(x0 + to * (x1 - x0), y0 + to * (y1 - y0));
}
