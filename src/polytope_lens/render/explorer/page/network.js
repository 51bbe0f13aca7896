// A network and affine functions of its input under a pattern, in float64 with bounds on the rounding: the formulas of
// exact/forward.py, where they are derived. Numbers of JavaScript are float64, and no two operations are fused.

const UNIT = 2 ** -53;
const GUARD = 2 ** -1000;
const SMALLEST = 2 ** -1074;
const SLACK = 1 + 2 ** -30;

/** A bound on the error of a sum of n rounded products, relative to the sum of their sizes. */
function summationBound(n) {
  return ((n + 2) * UNIT) / (1 - (n + 2) * UNIT);
}

/** Layers of a network from the arrays of a frame; the last one is the outputs. */
export class Network {
  constructor(frame) {
    this.hidden = frame.told.hidden; // layers before the network's own, which have no name
    this.layers = [];
    this.bitStarts = [];
    this.places = []; // [layer, neuron] of each bit
    for (let l = 0; l <= frame.told.layers; l++) {
      const layer = { bias: frame[`bias${l}`], weight: frame[`weight${l}`], width: frame[`bias${l}`].length };
      layer.indices = frame[`indices${l}`];
      layer.indptr = frame[`indptr${l}`];
      layer.inputs = layer.indptr ? 0 : frame.shapes[`weight${l}`][1];
      layer.terms = layer.inputs;
      if (layer.indptr)
        for (let i = 0; i < layer.width; i++)
          layer.terms = Math.max(layer.terms, layer.indptr[i + 1] - layer.indptr[i]);
      this.layers.push(layer);
      if (l === frame.told.layers) break;
      layer.negative = frame[`negative_slope${l}`];
      layer.positive = frame[`positive_slope${l}`];
      layer.cuts = frame[`cuts${l}`];
      this.bitStarts.push(this.places.length);
      for (let j = 0; j < layer.width; j++) if (layer.cuts[j]) this.places.push([l, j]);
    }
    this.bitStarts.push(this.places.length);
    this.nBits = this.places.length;
  }

  /** Name of the neuron that a bit belongs to, as Python counts layers. */
  nameOf(bit) {
    const [layer, neuron] = this.places[bit];
    return { layer: layer - this.hidden, neuron };
  }

  /** The bit of a neuron; undefined for those that never cut. */
  bitOf(layer, neuron) {
    const index = layer + this.hidden;
    const bit = this.places.findIndex(([l, j]) => l === index && j === neuron);
    return bit < 0 ? undefined : bit;
  }

  /**
   * Pre-activations of each layer, and the outputs, as affine functions of the input on the region of a pattern.
   *
   * For each layer `value` and `error`, n forms of dim + 1 numbers each: coefficients, then the constant. Exact numbers
   * are within the error of the value.
   */
  forms(bits, dim) {
    const found = [];
    const p = dim + 1;
    let value = new Float64Array(dim * p);
    let error = new Float64Array(dim * p);
    for (let k = 0; k < dim; k++) value[k * p + k] = 1;
    let at = 0;
    for (const layer of this.layers) {
      const made = affine(layer, value, error, p);
      found.push(made);
      if (!layer.negative) break;
      value = new Float64Array(layer.width * p);
      error = new Float64Array(layer.width * p);
      for (let j = 0; j < layer.width; j++) {
        const isOn = !layer.cuts[j] || bits[at++];
        const slope = isOn ? layer.positive[j] : layer.negative[j];
        if (slope === 0) continue;
        const isExact = slope === 1 || slope === -1;
        for (let i = j * p; i < (j + 1) * p; i++) {
          const product = slope * made.value[i];
          const bound = Math.abs(slope) * made.error[i];
          const nothing = made.value[i] === 0 && made.error[i] === 0;
          value[i] = product;
          error[i] = isExact || nothing ? bound : (bound + UNIT * Math.abs(product)) * SLACK + GUARD;
        }
      }
    }
    return found;
  }
}

/** A layer's affine map of forms of p numbers each; biases are added to the last. See `affine` in exact/forward.py. */
function affine(layer, value, error, p) {
  const made = new Float64Array(layer.width * p);
  const bound = new Float64Array(layer.width * p);
  const unit = summationBound(layer.terms + 1);
  const { weight, indices, indptr, inputs } = layer;
  const doubt = value.map((v, i) => unit * Math.abs(v) + error[i]);
  const isThere = value.map((v, i) => Number(v !== 0 || error[i] !== 0));
  // Neurons that are off pass nothing on.
  const passes = Uint8Array.from({ length: value.length / p }, (_, j) => isThere.subarray(j * p, j * p + p).some(Boolean));
  const present = new Uint8Array(p);
  for (let i = 0; i < layer.width; i++) {
    const start = indptr ? indptr[i] : i * inputs;
    const stop = indptr ? indptr[i + 1] : start + inputs;
    const to = i * p;
    let magnitude = 0;
    present.fill(0);
    for (let e = start; e < stop; e++) {
      const w = weight[e];
      const size = Math.abs(w);
      magnitude += size;
      const from = indices ? indices[e] : e - start;
      if (w === 0 || !passes[from]) continue;
      for (let c = 0, at = from * p; c < p; c++, at++) {
        made[to + c] += w * value[at];
        bound[to + c] += size * doubt[at];
        present[c] |= isThere[at];
      }
    }
    for (let c = 0; c < p; c++) {
      const bias = c === p - 1 ? layer.bias[i] : 0;
      made[to + c] += bias;
      // Where each product has a factor that is zero for certain, nothing is rounded.
      bound[to + c] = present[c]
        ? (bound[to + c] + unit * Math.abs(bias)) * (1 + 3 * unit) + (GUARD + SMALLEST * magnitude)
        : 0;
    }
  }
  return { value: made, error: bound };
}

/**
 * Value of a form, p numbers from `start` on, at a point, and a bound on its error: of the form's own numbers, each
 * within its error, and of the sum.
 */
export function valueAt(form, start, point) {
  const d = point.length;
  const unit = summationBound(d + 1);
  let value = form.value[start + d];
  let inherited = form.error[start + d];
  let size = Math.abs(value);
  for (let k = 0; k < d; k++) {
    const product = form.value[start + k] * point[k];
    value += product;
    size += Math.abs(product);
    inherited += form.error[start + k] * Math.abs(point[k]);
  }
  return { value, error: (inherited + unit * size) * (1 + 3 * unit) + GUARD };
}
