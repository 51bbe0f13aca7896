// What is filled with which colour. Shapes are polygons: `points` and, for each polygon, `corners` from `indptr` on;
// `first` says where the polygons of each region start, where that is not its number. Their paint is either a number
// from 0 to 1 at each point and a scale of colours (`byPoint`, `scale`), since a network is affine on each polygon, or
// one of `colors` for each polygon. A legend says what the colours stand for.

const NEUTRAL = [222, 222, 222];

/** Colours as they lie in the memory of an image: red in the lowest byte. */
export function packedColor(r, g, b) {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function packedScale(bytes) {
  return Uint32Array.from({ length: bytes.length / 3 }, (_, i) => packedColor(...bytes.subarray(3 * i, 3 * i + 3)));
}

/** The colours that can be chosen for a page: value and text. */
export function choices(page, frame) {
  const many = page.told.outputs > 1;
  return [
    ["value", "value"],
    ["slope", "norm of the gradient"],
    ["pattern", "activation pattern"],
    ["layer", "last layer that cuts"],
    ...(many ? [["class", "greatest output"]] : []),
    ...(frame.purities ? [["purity", "purity of the points"]] : []),
    ...(frame.ages ? [["age", "age in updates"]] : []),
  ];
}

/** Shapes of a frame for what the colours should tell. */
export function shapesOf(page, frame, mesh, color, output) {
  const whole = { points: mesh.points, corners: mesh.corners, indptr: mesh.indptr, first: null };
  if (color === "class") return mesh.dim === 2 ? classShapes(page, frame, mesh) : { ...whole, ...classes(page) };
  if (color === "value") {
    const [low, high] = ends(page.told.ranges.values[output]);
    const nPoints = mesh.points.length / mesh.dim;
    const values = frame.values.subarray(output * nPoints, (output + 1) * nPoints);
    const byPoint = Float32Array.from(values, (v) => (v - low) / (high - low));
    // Solids are in the shade of a lamp, so that they leave out the darkest greys.
    const bytes = mesh.dim === 2 ? page.gray : page.gray.map((v) => Math.round(70 + (185 / 255) * v));
    return { ...whole, byPoint, scale: packedScale(bytes), legend: { scale: bytes, low, high, text: `output ${output}` } };
  }
  if (color === "pattern") return { ...whole, colors: packedScale(frame.pattern_colors), legend: null };
  if (color === "layer") {
    const colors = packedScale(page.layer_colors);
    const neutral = packedColor(...NEUTRAL);
    return {
      ...whole,
      colors: Uint32Array.from(lastLayers(mesh), (layer) => (layer < 0 ? neutral : colors[layer])),
      legend: {
        swatches: [["domain only", NEUTRAL], ...swatches(page.layer_colors).map((c, l) => [`layer ${l}`, c])],
      },
    };
  }
  const [numbers, bytes, high, text, bend] = {
    slope: () => [
      frame.slopes.subarray(output * mesh.n, (output + 1) * mesh.n),
      page.Blues,
      page.told.ranges.slopes[output][1] || 1,
      `norm of the gradient of output ${output}`,
      page.told.ranges.median[output][0],
    ],
    purity: () => [frame.purities, page.cividis, 1, "share of the most frequent label"],
    age: () => [frame.ages, page.cividis, page.told.steps.at(-1) - page.told.steps[0] || 1, "updates since it appeared"],
  }[color]();
  // Where few are far steeper than most: linear up to the median and logarithmic beyond, as in Python's pictures.
  const bends = bend > 0 && high > 20 * bend;
  const place = bends ? (v) => Math.asinh(v / bend) / Math.asinh(high / bend) : (v) => v / high;
  const back = bends ? (t) => bend * Math.sinh(t * Math.asinh(high / bend)) : (t) => t * high;
  const scale = packedScale(bytes);
  const none = packedColor(...NEUTRAL);
  const colors = Uint32Array.from(numbers, (v) => (v < 0 ? none : scale[Math.round(255 * Math.min(place(v), 1))]));
  return { ...whole, colors, legend: { scale: bytes, low: 0, high, text, back, none: color === "purity" } };
}

function ends([low, high]) {
  return low < high ? [low, high] : [low - 0.5, low + 0.5];
}

export function swatches(bytes) {
  return Array.from({ length: bytes.length / 3 }, (_, i) => [...bytes.subarray(3 * i, 3 * i + 3)]);
}

/** The deepest layer that owns an edge of each region; -1 where only the domain does. */
function lastLayers(mesh) {
  const found = new Int32Array(mesh.n).fill(-1);
  for (let region = 0; region < mesh.n; region++)
    for (const facet of mesh.facetsOf(region))
      if (mesh.owners[facet] >= 0)
        found[region] = Math.max(found[region], mesh.network.nameOf(mesh.owners[facet]).layer);
  return found;
}

/** A colour for each output, lighter than the points of that class, which lie on top; and what they stand for. */
function classes(page) {
  const scale = swatches(page.class_colors).map((c) => c.map((v) => Math.round(255 - 0.5 * (255 - v))));
  const named = Array.from({ length: page.told.outputs }, (_, k) => [`output ${k}`, scale[k % scale.length]]);
  return { paint: named.map(([, color]) => packedColor(...color)), legend: { swatches: named } };
}

/** Each region cut into the parts where one output is greatest. */
function classShapes(page, frame, mesh) {
  const n = page.told.outputs;
  const nPoints = mesh.points.length / 2;
  const { paint, legend } = classes(page);
  const points = [];
  const indptr = [0];
  const first = [0];
  const colors = [];
  for (let region = 0; region < mesh.n; region++) {
    const ring = [];
    for (let e = mesh.indptr[region]; e < mesh.indptr[region + 1]; e++) {
      const c = mesh.corners[e];
      const f = Array.from({ length: n }, (_, k) => frame.values[k * nPoints + c]);
      ring.push({ at: mesh.place(c), f, owner: mesh.owners[e] });
    }
    for (const [part, k] of byClass(ring)) {
      for (const { at } of part) points.push(...at);
      indptr.push(points.length / 2);
      colors.push(paint[k]);
    }
    first.push(colors.length);
  }
  return {
    points: Float64Array.from(points),
    corners: null,
    indptr: Int32Array.from(indptr),
    first: Int32Array.from(first),
    colors: Uint32Array.from(colors),
    legend,
  };
}

/** A ring cut into the parts where one of its functions is greatest, each with the number of that function. */
export function byClass(ring) {
  const n = ring[0].f.length;
  const found = [];
  for (let k = 0; k < n; k++) {
    let part = ring;
    for (let j = 0; j < n && part.length > 2; j++) if (j !== k) part = half(part, (p) => p.f[k] - p.f[j]);
    if (part.length > 2) found.push([part, k]);
    if (part === ring) break;
  }
  return found;
}

/** A point between two corners of a ring; what is affine is there what lies between. */
export function between(p, q, t, owner) {
  const mix = (a, b) => a + t * (b - a);
  return { at: p.at.map((v, k) => mix(v, q.at[k])), f: p.f.map((v, k) => mix(v, q.f[k])), owner };
}

/**
 * The part of a convex ring where a function, affine on it, is not negative. Corners know the owner of the edge that
 * starts there; the edge of the cut has none.
 */
export function half(ring, value) {
  const at = ring.map(value);
  if (at.every((v) => v >= 0)) return ring;
  const found = [];
  for (let i = 0; i < ring.length; i++) {
    const j = (i + 1) % ring.length;
    if (at[i] >= 0) found.push(ring[i]);
    if (at[i] >= 0 === at[j] >= 0) continue;
    found.push(between(ring[i], ring[j], at[i] / (at[i] - at[j]), at[i] >= 0 ? null : ring[i].owner));
  }
  return found;
}
