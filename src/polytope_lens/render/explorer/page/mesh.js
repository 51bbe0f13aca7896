// The regions of a partition: their facets, which of them they share, and their activation patterns.

/**
 * Regions of any mesh. Those of one kind say which facets a region has, `facetsOf`, whose a facet is, `owners`, and what
 * lies `across` it, -1 for nothing.
 */
export class Complex {
  constructor(frame, network) {
    this.network = network;
    this.dim = frame.shapes.points[1];
    this.points = frame.points;
    this.corners = frame.corners;
    this.n = frame.told.regions;
    this.crossings = new Set(frame.crossings); // facets across which not just the owner flips
    this.roots = frame.roots;
    this.rootBits = frame.root_bits;
    this.rootWidth = frame.shapes.root_bits[1];
  }

  /** For each region one next to it whose pattern differs in one bit, towards a root. */
  growTree() {
    this.parent = new Int32Array(this.n).fill(-2);
    this.flipped = new Int32Array(this.n);
    const queue = new Int32Array(this.n);
    let last = 0;
    for (const root of this.roots) {
      this.parent[root] = -1;
      queue[last++] = root;
    }
    for (let first = 0; first < last; first++) {
      const region = queue[first];
      for (const facet of this.facetsOf(region)) {
        const beside = this.across(region, facet);
        if (beside < 0 || this.parent[beside] !== -2 || this.crossings.has(facet)) continue;
        this.parent[beside] = region;
        this.flipped[beside] = this.owners[facet];
        queue[last++] = beside;
      }
    }
  }

  /** Which neurons are on in a region, one byte for each bit. */
  bitsOf(region) {
    const bits = new Uint8Array(this.network.nBits);
    for (; this.parent[region] >= 0; region = this.parent[region]) bits[this.flipped[region]] ^= 1;
    const row = this.roots.indexOf(region) * this.rootWidth;
    for (let b = 0; b < bits.length; b++) bits[b] ^= (this.rootBits[row + (b >> 3)] >> (7 - (b & 7))) & 1;
    return bits;
  }

  /** The regions across the facets of one, each once. */
  neighbors(region) {
    const found = new Set();
    for (const facet of this.facetsOf(region)) {
      const beside = this.across(region, facet);
      if (beside >= 0) found.add(beside);
    }
    return [...found];
  }

  /** Whether a neuron is zero on a facet of a region: it owns it, or its bit flips across it. */
  isZeroOn(bit, region, facet) {
    if (this.owners[facet] === bit) return true;
    const beside = this.crossings.has(facet) ? this.across(region, facet) : -1;
    return beside >= 0 && this.bitsOf(region)[bit] !== this.bitsOf(beside)[bit];
  }

  /** A corner, as a list of numbers. */
  place(corner) {
    return [...this.points.subarray(this.dim * corner, this.dim * (corner + 1))];
  }
}

/** Regions in the plane: polygons, whose facets are entries of `corners`: the edges that start there. */
export class PlanarMesh extends Complex {
  constructor(frame, network) {
    super(frame, network);
    this.indptr = new Int32Array(this.n + 1);
    for (let i = 0; i < this.n; i++) this.indptr[i + 1] = this.indptr[i] + frame.sizes[i];
    this.regionOf = new Int32Array(this.corners.length);
    for (let i = 0; i < this.n; i++) this.regionOf.fill(i, this.indptr[i], this.indptr[i + 1]);
    this.twins = this.findTwins();
    this.owners = this.spreadOwners(frame.owners, frame.other_owners);
    this.growTree();
    this.index = this.boxes();
  }

  /** The entry after one, around its region. */
  next(entry) {
    const region = this.regionOf[entry];
    return entry + 1 < this.indptr[region + 1] ? entry + 1 : this.indptr[region];
  }

  /** For each entry the entry of the same edge in the region on its other side; -1 for none. */
  findTwins() {
    const n = this.corners.length;
    const twins = new Int32Array(n).fill(-1);
    let size = 1;
    while (size < 2 * n) size *= 2;
    const table = new Int32Array(size).fill(-1); // open addressing: edges whose twin has not come yet
    for (let e = 0; e < n; e++) {
      const a = this.corners[e];
      const b = this.corners[this.next(e)];
      const [low, high] = a < b ? [a, b] : [b, a];
      let at = (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) & (size - 1);
      for (; table[at] >= 0; at = (at + 1) & (size - 1)) {
        const other = table[at];
        if (this.corners[other] === b && this.corners[this.next(other)] === a) {
          twins[e] = other;
          twins[other] = e;
          break;
        }
      }
      if (twins[e] < 0) table[at] = e;
    }
    return twins;
  }

  /** The owner of each entry's edge: the bit of a neuron, or -1 - side of the domain. They come once for each edge. */
  spreadOwners(once, others) {
    const found = new Int32Array(this.corners.length);
    let at = 0;
    for (let e = 0; e < found.length; e++) {
      const twin = this.twins[e];
      found[e] = twin >= 0 && twin < e ? found[twin] : once[at++];
    }
    for (let i = 0; i < others.length; i += 2) found[others[i]] = others[i + 1];
    return found;
  }

  /** The edges of a region. */
  facetsOf(region) {
    const found = [];
    for (let e = this.indptr[region]; e < this.indptr[region + 1]; e++) found.push(e);
    return found;
  }

  /** The region across an edge; -1 outside the domain. */
  across(_, entry) {
    const twin = this.twins[entry];
    return twin < 0 ? -1 : this.regionOf[twin];
  }

  /** A flatbush index of the regions' boxes. */
  boxes() {
    const index = new Flatbush(this.n, 16, Float64Array);
    for (let i = 0; i < this.n; i++) {
      let [left, bottom, right, top] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let e = this.indptr[i]; e < this.indptr[i + 1]; e++) {
        const x = this.points[2 * this.corners[e]];
        const y = this.points[2 * this.corners[e] + 1];
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < bottom) bottom = y;
        if (y > top) top = y;
      }
      index.add(left, bottom, right, top);
    }
    index.finish();
    return index;
  }

  /** How far a point lies inside of a region's edges, relative to their lengths; negative outside. Rounded. */
  depth(region, x, y) {
    const { points, corners } = this;
    const stop = this.indptr[region + 1];
    let found = Infinity;
    let a = corners[stop - 1];
    for (let e = this.indptr[region]; e < stop; e++) {
      const b = corners[e];
      const [dx, dy] = [points[2 * b] - points[2 * a], points[2 * b + 1] - points[2 * a + 1]];
      const turn = dx * (y - points[2 * a + 1]) - dy * (x - points[2 * a]);
      found = Math.min(found, turn / (Math.abs(dx) + Math.abs(dy)));
      a = b;
    }
    return found;
  }

  /** Regions whose boxes hold a point, the one that most likely holds it first: rounded corners say so. */
  near([x, y]) {
    const found = this.index.search(x, y, x, y).map((region) => [this.depth(region, x, y), region]);
    return found.sort(([a], [b]) => b - a).map(([, region]) => region);
  }

  /** Corners of a region, [x, y] each. */
  polygon(region) {
    const found = [];
    for (let e = this.indptr[region]; e < this.indptr[region + 1]; e++)
      found.push([this.points[2 * this.corners[e]], this.points[2 * this.corners[e] + 1]]);
    return found;
  }

  /** Its name, and the area of a region, by the shoelace formula about its first corner. */
  size(region) {
    const ring = this.polygon(region);
    const [[x, y]] = ring;
    let twice = 0;
    for (let k = 1; k + 1 < ring.length; k++)
      twice += (ring[k][0] - x) * (ring[k + 1][1] - y) - (ring[k][1] - y) * (ring[k + 1][0] - x);
    return ["area", twice / 2];
  }

  /** The mean of a region's corners. */
  middle(region) {
    const ring = this.polygon(region);
    const sum = ring.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
    return [sum[0] / ring.length, sum[1] / ring.length];
  }

  /** Edges on which a neuron is zero, each once. */
  bentHyperplane(bit) {
    const found = [];
    for (let e = 0; e < this.owners.length; e++)
      if (!(this.twins[e] >= 0 && this.twins[e] < e) && this.isZeroOn(bit, this.regionOf[e], e)) found.push(e);
    return found;
  }
}
