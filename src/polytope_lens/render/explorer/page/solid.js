// The regions of a partition of space: polyhedra, their faces, and where a plane or a level cuts through them.

import { Complex } from "./mesh.js";
import { between } from "./shapes.js";

/** Regions in space: polyhedra, whose facets are faces, each of which two regions share. */
export class SolidMesh extends Complex {
  constructor(frame, network) {
    super(frame, network);
    this.owners = frame.owners; // the bit of a neuron, or -1 - side of the domain
    this.sides = frame.face_regions;
    this.nPoints = this.points.length / 3;
    this.nFaces = this.owners.length;
    this.indptr = new Int32Array(this.nFaces + 1);
    for (let f = 0; f < this.nFaces; f++) this.indptr[f + 1] = this.indptr[f] + frame.sizes[f];
    this.faces = Array.from({ length: this.n }, () => []);
    for (let f = 0; f < this.nFaces; f++)
      for (const region of this.sides.subarray(2 * f, 2 * f + 2)) if (region >= 0) this.faces[region].push(f);
    this.growTree();
    this.boxes = this.findBoxes();
    this.outer = this.outerFaces();
  }

  facetsOf(region) {
    return this.faces[region];
  }

  /** The region on the other side of a face; -1 outside the domain. */
  across(region, face) {
    const [a, b] = [this.sides[2 * face], this.sides[2 * face + 1]];
    return a === region ? b : a;
  }

  cornersOf(face) {
    return this.corners.subarray(this.indptr[face], this.indptr[face + 1]);
  }

  /** Corners of a region, each once. */
  cornersOfRegion(region) {
    return [...new Set(this.faces[region].flatMap((face) => [...this.cornersOf(face)]))];
  }

  /** Boxes of all regions, six numbers each: least corner, then greatest. */
  findBoxes() {
    const found = new Float64Array(6 * this.n);
    for (let region = 0; region < this.n; region++) {
      for (let k = 0; k < 3; k++) {
        let [low, high] = [Infinity, -Infinity];
        for (const face of this.faces[region])
          for (const c of this.cornersOf(face)) {
            low = Math.min(low, this.points[3 * c + k]);
            high = Math.max(high, this.points[3 * c + k]);
          }
        [found[6 * region + k], found[6 * region + 3 + k]] = [low, high];
      }
    }
    return found;
  }

  /** Regions whose boxes hold a point. */
  near([x, y, z]) {
    const { boxes } = this;
    const found = [];
    for (let r = 0, i = 0; r < this.n; r++, i += 6)
      if (x >= boxes[i] && y >= boxes[i + 1] && z >= boxes[i + 2] && x <= boxes[i + 3] && y <= boxes[i + 4] && z <= boxes[i + 5])
        found.push(r);
    return found;
  }

  /** Its name, and the volume of a region: pyramids over its faces. */
  size(region) {
    const apex = this.middle(region);
    let six = 0;
    for (const face of this.faces[region]) {
      const ring = [...this.cornersOf(face)].map((c) => this.place(c).map((v, k) => v - apex[k]));
      for (let i = 1; i + 1 < ring.length; i++) {
        const [[a, b, c], [d, e, f], [g, h, j]] = [ring[0], ring[i], ring[i + 1]];
        six += Math.abs(a * (e * j - f * h) + b * (f * g - d * j) + c * (d * h - e * g));
      }
    }
    return ["volume", six / 6];
  }

  /** The mean of a region's corners. */
  middle(region) {
    const corners = this.cornersOfRegion(region).map((c) => this.place(c));
    return [0, 1, 2].map((k) => corners.reduce((sum, corner) => sum + corner[k], 0) / corners.length);
  }

  /** Faces on which a neuron is zero. */
  bentHyperplane(bit) {
    const found = [];
    for (let f = 0; f < this.nFaces; f++)
      if (this.sides[2 * f + 1] >= 0 && this.isZeroOn(bit, this.sides[2 * f], f)) found.push(f);
    return found;
  }

  edgeKey(a, b) {
    return Math.min(a, b) * this.nPoints + Math.max(a, b);
  }

  /** Edges of a region, pairs of corners, each once. */
  edgesOf(region) {
    const found = new Map();
    for (const face of this.faces[region]) {
      const ring = this.cornersOf(face);
      ring.forEach((a, i) => {
        const b = ring[(i + 1) % ring.length];
        found.set(this.edgeKey(a, b), [a, b]);
      });
    }
    return [...found.values()];
  }

  /** Faces on the sides of the domain: region, face, and for each edge the owner of the other face that has it. */
  outerFaces() {
    const found = [];
    for (let f = 0; f < this.nFaces; f++) {
      if (this.sides[2 * f + 1] >= 0) continue;
      const region = this.sides[2 * f];
      const ring = [...this.cornersOf(f)];
      const owners = new Map();
      for (const other of this.faces[region]) {
        if (other === f) continue;
        const corners = this.cornersOf(other);
        corners.forEach((a, i) => owners.set(this.edgeKey(a, corners[(i + 1) % corners.length]), this.owners[other]));
      }
      const edges = ring.map((a, i) => owners.get(this.edgeKey(a, ring[(i + 1) % ring.length])));
      found.push({ region, face: f, ring, edges });
    }
    return found;
  }

  /**
   * Where a function with these values at the corners, affine on each region, is zero: for each region that it cuts, a
   * ring of corners, which know the owner of the edge that starts there. `functions` gives a corner's values to carry.
   */
  section(values, functions) {
    const found = [];
    for (let region = 0; region < this.n; region++) {
      const ring = this.cutRing(region, values, functions);
      if (ring) found.push({ region, ring });
    }
    return found;
  }

  cutRing(region, values, functions) {
    // Each face that is cut joins two of the region's edges; each of these belongs to two faces.
    const links = new Map();
    for (const face of this.faces[region]) {
      const ring = this.cornersOf(face);
      const cut = [];
      for (let i = 0; i < ring.length; i++) {
        const [a, b] = [ring[i], ring[(i + 1) % ring.length]];
        if (values[a] >= 0 !== values[b] >= 0) cut.push(a < b ? [a, b] : [b, a]);
      }
      if (cut.length !== 2) continue;
      for (const [here, there] of [cut, [cut[1], cut[0]]]) {
        const key = this.edgeKey(...here);
        if (!links.has(key)) links.set(key, { ends: here, to: [] });
        links.get(key).to.push([this.edgeKey(...there), this.owners[face]]);
      }
    }
    if (links.size < 3) return null;
    const found = [];
    const first = links.keys().next().value;
    let [before, here] = [null, first];
    do {
      const { ends, to } = links.get(here);
      const [next, owner] = to.find(([key]) => key !== before) || to[0];
      const [p, q] = ends.map((c) => ({ at: this.place(c), f: functions(c) }));
      const t = values[ends[0]] / (values[ends[0]] - values[ends[1]]);
      found.push(between(p, q, t, owner));
      [before, here] = [here, next];
    } while (here !== first && found.length < links.size);
    return found;
  }
}
