// Which region holds a point, and the inequalities that say so: decided by proved signs, or left open.

import { valueAt } from "./network.js";

export class Locator {
  constructor(mesh, network, frame) {
    this.mesh = mesh;
    this.network = network;
    this.width = mesh.dim + 1; // numbers of a row
    this.sides = { value: frame.side_rows, error: frame.side_errors };
    this.nSides = frame.side_rows.length / this.width;
    this.known = new Map();
  }

  /**
   * Everything affine about a region: `rows` of its facets, a x + b y + c <= 0 each, in the order of `facets`; its
   * `maps`, one form for each output; and its `bits`. Values and errors.
   */
  affineOf(region) {
    let found = this.known.get(region);
    if (found) return found;
    const { mesh, network, width } = this;
    const bits = mesh.bitsOf(region);
    const forms = network.forms(bits, mesh.dim);
    const facets = mesh.facetsOf(region);
    const rows = { value: new Float64Array(width * facets.length), error: new Float64Array(width * facets.length) };
    facets.forEach((facet, k) => {
      const owner = mesh.owners[facet];
      const [layer, neuron] = owner < 0 ? [] : network.places[owner];
      const [from, at] = owner < 0 ? [this.sides, -1 - owner] : [forms[layer], neuron];
      const turn = owner >= 0 && bits[owner] ? -1 : 1; // a neuron that is on says that it is at least 0
      for (let c = 0; c < width; c++) {
        rows.value[width * k + c] = turn * from.value[width * at + c];
        rows.error[width * k + c] = from.error[width * at + c];
      }
    });
    found = { rows, maps: forms[forms.length - 1], bits, facets };
    if (this.known.size > 20000) this.known.clear();
    this.known.set(region, found);
    return found;
  }

  /**
   * Where a point lies in a region by proved signs: 1 inside, -1 outside, 0 for what they leave open. The point may be
   * known to lie on one facet, which then is not asked.
   */
  side(region, point, except = -1) {
    const { rows, facets } = this.affineOf(region);
    let found = 1;
    for (let k = 0; k < facets.length; k++) {
      if (facets[k] === except) continue;
      const { value, error } = valueAt(rows, this.width * k, point);
      if (value > error) return -1;
      if (!(value < -error)) found = 0;
    }
    return found;
  }

  /**
   * The region that holds a point, -1 for none as it lies outside the domain, or -2 where signs are open: then it lies
   * on a boundary, or so near to one that floats do not tell, and `beside` has the regions there.
   */
  locate(...point) {
    const beside = [];
    for (const region of this.mesh.near(point)) {
      const side = this.side(region, point);
      if (side > 0) return { region, beside: [region] };
      if (side === 0) beside.push(region);
    }
    for (let k = 0; k < this.nSides; k++) {
      const { value, error } = valueAt(this.sides, this.width * k, point);
      if (value > error) return { region: -1, beside: [] };
    }
    return { region: -2, beside: beside.sort((a, b) => a - b) };
  }

  /** An output of the network at a point of a region. */
  output(region, point, output) {
    return valueAt(this.affineOf(region).maps, this.width * output, point);
  }
}
