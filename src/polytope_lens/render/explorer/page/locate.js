// Which region holds a point, and the inequalities that say so: decided by proved signs, or left open.

import { valueAt } from "./network.js";

export class Locator {
  constructor(mesh, network, frame) {
    this.mesh = mesh;
    this.network = network;
    this.sides = { value: frame.side_rows, error: frame.side_errors };
    this.nSides = frame.side_rows.length / 3;
    this.known = new Map();
  }

  /**
   * Everything affine about a region: `rows` of its facets, a x + b y + c <= 0 each, in the order of its edges; its
   * `maps`, one form for each output; and its `bits`. Values and errors.
   */
  affineOf(region) {
    let found = this.known.get(region);
    if (found) return found;
    const { mesh, network } = this;
    const bits = mesh.bitsOf(region);
    const forms = network.forms(bits, 2);
    const start = mesh.indptr[region];
    const n = mesh.indptr[region + 1] - start;
    const rows = { value: new Float64Array(3 * n), error: new Float64Array(3 * n) };
    for (let k = 0; k < n; k++) {
      const owner = mesh.owners[start + k];
      const [layer, neuron] = owner < 0 ? [] : network.places[owner];
      const [from, at] = owner < 0 ? [this.sides, -1 - owner] : [forms[layer], neuron];
      const turn = owner >= 0 && bits[owner] ? -1 : 1; // a neuron that is on says that it is at least 0
      for (let c = 0; c < 3; c++) {
        rows.value[3 * k + c] = turn * from.value[3 * at + c];
        rows.error[3 * k + c] = from.error[3 * at + c];
      }
    }
    found = { rows, maps: forms[forms.length - 1], bits, n };
    if (this.known.size > 20000) this.known.clear();
    this.known.set(region, found);
    return found;
  }

  /** Where a point lies in a region by proved signs: 1 inside, -1 outside, 0 for what they leave open. */
  side(region, point) {
    const { rows, n } = this.affineOf(region);
    let found = 1;
    for (let k = 0; k < n; k++) {
      const { value, error } = valueAt(rows, 3 * k, point);
      if (value > error) return -1;
      if (!(value < -error)) found = 0;
    }
    return found;
  }

  /**
   * The region that holds a point, -1 for none as it lies outside the domain, or -2 where signs are open: then it lies
   * on a boundary, or so near to one that floats do not tell, and `beside` has the regions there.
   */
  locate(x, y) {
    const beside = [];
    // Rounded corners say where it most likely is, so that one region is asked for a proof, not all around.
    const near = this.mesh.index.search(x, y, x, y).map((region) => [this.mesh.depth(region, x, y), region]);
    near.sort(([a], [b]) => b - a);
    for (const [, region] of near) {
      const side = this.side(region, [x, y]);
      if (side > 0) return { region, beside: [region] };
      if (side === 0) beside.push(region);
    }
    for (let k = 0; k < this.nSides; k++) {
      const { value, error } = valueAt(this.sides, 3 * k, [x, y]);
      if (value > error) return { region: -1, beside: [] };
    }
    return { region: -2, beside: beside.sort((a, b) => a - b) };
  }

  /** An output of the network at a point of a region. */
  output(region, point, output) {
    return valueAt(this.affineOf(region).maps, 3 * output, point);
  }
}
