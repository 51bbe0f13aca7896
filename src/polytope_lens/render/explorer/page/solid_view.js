// A partition of space as a picture to turn: the sides of the domain, a plane that cuts it open, and a level inside.

import { byClass, half, packedColor, shapesOf, swatches } from "./shapes.js";
import { $, number } from "./panel.js";
import { Lamp } from "./lamp.js";

const EDGE = 12; // pixels around the picture
const EYE = 6; // of the eye from the middle, where the domain's longest side is 2
const SURFACE = packedColor(230, 159, 0);
const TURN = 0.01; // radians for each pixel
const STEPS = 1000; // of a slider
const COARSE = 0.4; // pixels along each side, while it moves without a graphics card
const STILL = 150; // milliseconds

export class SolidView {
  constructor(app) {
    this.app = app;
    this.stats = { base: 0, renderer: "card" };
    this.margin = { left: EDGE, right: EDGE, top: EDGE, bottom: EDGE };
    this.state = Object.assign(app.state, { cut: { axis: 0, at: 0.5 }, level: null });
    this.box = this.domainBox();
    const sizes = [0, 1, 2].map((k) => this.box[k + 3] - this.box[k]);
    const most = Math.max(...sizes);
    // Flat domains are shown with different scales.
    this.unit = sizes.map((size) => 2 / (size < most / 8 ? size : most));
    this.fit();
    this.buildControls();
  }

  get stage() {
    return this.app.stage;
  }

  domainBox() {
    const { points } = this.stage.mesh;
    const box = [Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity];
    points.forEach((v, i) => {
      box[i % 3] = Math.min(box[i % 3], v);
      box[(i % 3) + 3] = Math.max(box[(i % 3) + 3], v);
    });
    return box;
  }

  fit() {
    Object.assign(this, { yaw: 0.6, pitch: 0.45, magnified: 1, shift: [0, 0] });
  }

  resize() {
    const box = $("plot").getBoundingClientRect();
    [this.width, this.height] = [Math.max(50, box.width - 2 * EDGE), Math.max(50, box.height - 2 * EDGE)];
    this.density = window.devicePixelRatio || 1;
    Object.assign($("frame").style, { left: `${EDGE}px`, top: `${EDGE}px`, width: `${this.width}px`, height: `${this.height}px` });
    this.setFineness(1);
    $("over").width = Math.round(box.width * this.density);
    $("over").height = Math.round(box.height * this.density);
    $("fill").hidden = $("dots").hidden = true;
  }

  /** Pixels of the card for each pixel of the screen, along each side. */
  setFineness(fineness) {
    $("card").width = Math.round(this.width * this.density * fineness);
    $("card").height = Math.round(this.height * this.density * fineness);
    this.fineness = fineness;
  }

  // ---------------------------------------------------------------------------------------------------- projection

  /** Scale in pixels of one unit in the middle. */
  get pixels() {
    return 0.25 * Math.min(this.width, this.height) * this.magnified;
  }

  /** World coordinates to the right, up and towards the eye. */
  turned([x, y, z]) {
    const [a, b, c] = [x, y, z].map((v, k) => (v - (this.box[k] + this.box[k + 3]) / 2) * this.unit[k]);
    const [cy, sy, cp, sp] = [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
    const depth = -a * sy + b * cy;
    return [a * cy + b * sy, c * cp + depth * sp, c * sp - depth * cp];
  }

  toScreen(point) {
    const [u, v, w] = this.turned(point);
    const near = this.pixels / (1 - w / EYE);
    return [this.width / 2 + this.shift[0] + u * near, this.height / 2 + this.shift[1] - v * near];
  }

  /** The same as a matrix for the card, column by column. */
  matrix() {
    const columns = [];
    for (let k = 0; k < 4; k++) {
      // An affine map is known by what it does to the origin and the axes.
      const unit = [0, 1, 2].map((i) => (i === k ? 1 : 0));
      const zero = this.turned([0, 0, 0]);
      const [u, v, w] = k < 3 ? this.turned(unit).map((value, i) => value - zero[i]) : zero;
      const one = (k < 3 ? 0 : 1) - w / EYE;
      columns.push(
        (2 * (u * this.pixels + this.shift[0] * one)) / this.width,
        (2 * (v * this.pixels - this.shift[1] * one)) / this.height,
        -w / 4,
        one,
      );
    }
    return columns;
  }

  /** Eye, and the way from there through a pixel, in world coordinates. */
  ray(px, py) {
    const u = (px - this.width / 2 - this.shift[0]) / this.pixels;
    const v = -(py - this.height / 2 - this.shift[1]) / this.pixels;
    const [cy, sy, cp, sp] = [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
    const world = ([right, up, towards]) => {
      const depth = up * sp - towards * cp;
      const turnedBack = [right * cy - depth * sy, right * sy + depth * cy, up * cp + towards * sp];
      return turnedBack.map((value, k) => value / this.unit[k] + (this.box[k] + this.box[k + 3]) / 2);
    };
    const eye = world([0, 0, EYE]);
    return [eye, world([u, v, 0]).map((value, k) => value - eye[k])];
  }

  // ------------------------------------------------------------------------------------------------------- drawing

  /** Rings of all that is shown, with region and, on the sides of the domain, face; made anew when something changes. */
  pieces() {
    const { mesh, frame } = this.stage;
    const shapes = this.app.shapes();
    const { cut, color } = this.state;
    const { outputs } = this.app.page.told;
    const functions =
      color === "class"
        ? (c) => Array.from({ length: outputs }, (_, k) => frame.values[k * mesh.nPoints + c])
        : (c) => (shapes.byPoint ? [shapes.byPoint[c]] : []);
    const found = [];
    const limit = cut && this.cutValue();
    for (const { region, face, ring, edges } of mesh.outer) {
      const whole = ring.map((c, i) => ({ at: mesh.place(c), f: functions(c), owner: edges[i] }));
      const part = cut ? half(whole, (p) => limit - p.at[cut.axis]) : whole;
      if (part.length > 2) found.push({ region, face, ring: part });
    }
    if (cut) {
      const values = Float64Array.from({ length: mesh.nPoints }, (_, c) => limit - mesh.points[3 * c + cut.axis]);
      for (const { region, ring } of mesh.section(values, functions)) found.push({ region, face: null, ring });
    }
    const paint = ({ region, ring }) =>
      color === "class"
        ? byClass(ring).map(([part, k]) => ({ ring: part, paint: shapes.paint[k] }))
        : [{ ring, paint: shapes.colors ? shapes.colors[region] : 0 }];
    return { shown: found, painted: found.flatMap(paint) };
  }

  /** Polygons on which the output that is looked at has the chosen level. */
  surface() {
    const { mesh, frame } = this.stage;
    const { level, output } = this.state;
    if (level === null) return [];
    const at = this.levelValue();
    const values = Float64Array.from({ length: mesh.nPoints }, (_, c) => frame.values[output * mesh.nPoints + c] - at);
    return mesh.section(values, () => [0]).map(({ region, ring }) => ({ region, ring, paint: SURFACE }));
  }

  cutValue() {
    const { axis, at } = this.state.cut;
    return this.box[axis] + at * (this.box[axis + 3] - this.box[axis]);
  }

  levelValue() {
    const [low, high] = this.app.page.told.ranges.values[this.state.output];
    return low + this.state.level * (high - low);
  }

  /** Colour of an edge by its owner; null for none. */
  edgeColor(owner) {
    if (owner === null || owner === undefined) return null;
    if (owner < 0) return packedColor(90, 90, 90);
    const layer = this.stage.network.nameOf(owner).layer;
    if (!this.app.isShown(layer)) return null;
    if (this.state.color === "value") return packedColor(...swatches(this.app.page.layer_colors)[layer]);
    return packedColor(51, 51, 51);
  }

  draw() {
    const began = performance.now();
    if (!this.lamp) this.lamp = new Lamp($("card"), !this.app.isSoft);
    const { state } = this;
    const made = this.pieces();
    this.shown = made.shown;
    this.lamp.load(this.app.shapes(), made.painted, this.surface(), (owner) => this.edgeColor(owner));
    this.isOpen = state.level !== null && !state.cut;
    this.paint();
    this.stats.base = performance.now() - began;
    this.stats.inView = this.stage.mesh.n;
    this.writeControls();
  }

  paint() {
    this.lamp.draw(this.matrix(), this.turned.bind(this), this.isOpen);
  }

  drawOver() {
    const canvas = $("over");
    const context = canvas.getContext("2d", { willReadFrequently: this.app.isSoft });
    const { density, state } = this;
    const { mesh } = this.stage;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(density, 0, 0, density, density * EDGE, density * EDGE);
    context.lineJoin = context.lineCap = "round";
    this.drawAxes(context);
    this.drawDots(context);
    const screen = (c) => this.toScreen(mesh.place(c));
    const outline = (region, widths) => {
      const edges = mesh.edgesOf(region).map(([a, b]) => [screen(a), screen(b)]);
      for (const [width, color] of widths) {
        context.beginPath();
        for (const [a, b] of edges) {
          context.moveTo(...a);
          context.lineTo(...b);
        }
        Object.assign(context, { lineWidth: width, strokeStyle: color });
        context.stroke();
      }
    };
    if (state.neuron !== null) {
      for (const face of this.bent()) {
        context.beginPath();
        mesh.cornersOf(face).forEach((c, k) => (k ? context.lineTo(...screen(c)) : context.moveTo(...screen(c))));
        context.closePath();
        Object.assign(context, { fillStyle: "rgb(0 120 90 / 0.3)", strokeStyle: "#00785a", lineWidth: 0.8 });
        context.fill();
        context.stroke();
      }
    }
    if (state.pin) for (const beside of mesh.neighbors(state.pin.region)) outline(beside, [[1.2, "rgb(0 158 115 / 0.8)"]]);
    const { hover } = this.app;
    if (hover && hover.region >= 0) outline(hover.region, [[3, "#ffffff"], [1.4, "#000000"]]);
    if (state.pin) outline(state.pin.region, [[5, "#ffffff"], [2.4, "#000000"]]);
  }

  /** Faces of the chosen neuron's bent hyperplane. */
  bent() {
    const { stage, state } = this;
    if (!stage.bent || stage.bent.neuron !== state.neuron)
      stage.bent = { neuron: state.neuron, faces: stage.mesh.bentHyperplane(state.neuron) };
    return stage.bent.faces;
  }

  /** The edges of the domain's box that lie lowest, and leftmost, with names and ends of the axes. */
  drawAxes(context) {
    const ink = getComputedStyle(document.documentElement).getPropertyValue("--soft");
    Object.assign(context, { fillStyle: ink, strokeStyle: ink, lineWidth: 1, font: "12px system-ui, sans-serif", textBaseline: "middle" });
    const middle = this.toScreen([0, 1, 2].map((k) => (this.box[k] + this.box[k + 3]) / 2));
    for (let axis = 0; axis < 3; axis++) {
      const [b, c] = [0, 1, 2].filter((k) => k !== axis);
      const edges = [[0, 0], [0, 3], [3, 0], [3, 3]].map(([i, j]) =>
        [0, 3].map((end) => {
          const point = [];
          [point[axis], point[b], point[c]] = [this.box[axis + end], this.box[b + i], this.box[c + j]];
          return this.toScreen(point);
        }),
      );
      const rank = ([[x0, y0], [x1, y1]]) => (axis === 2 ? -x0 - x1 : y0 + y1);
      const [from, to] = edges.reduce((best, edge) => (rank(edge) > rank(best) ? edge : best));
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...to);
      context.stroke();
      const outwards = [(from[0] + to[0]) / 2 - middle[0], (from[1] + to[1]) / 2 - middle[1]];
      const far = Math.hypot(...outwards) || 1;
      const [ox, oy] = outwards.map((v) => (18 * v) / far);
      context.textAlign = ox < -6 ? "right" : ox > 6 ? "left" : "center";
      const near = (a, z) => a + 0.08 * (z - a);
      context.fillText(this.app.page.told.axes[axis], (from[0] + to[0]) / 2 + ox, (from[1] + to[1]) / 2 + oy);
      context.fillText(number(this.box[axis], 3), near(from[0], to[0]) + ox, near(from[1], to[1]) + oy);
      context.fillText(number(this.box[axis + 3], 3), near(to[0], from[0]) + ox, near(to[1], from[1]) + oy);
    }
  }

  drawDots(context) {
    const { data, labels, class_colors: colors } = this.app.page;
    if (!data || !this.state.dots) return;
    const paint = swatches(colors);
    const radius = Math.min(3.5, Math.max(1, 120 / Math.sqrt(data.length)));
    Object.assign(context, { lineWidth: 0.8, strokeStyle: labels ? "#000000" : "#ffffff" });
    for (let i = 0; 3 * i < data.length; i++) {
      const [x, y] = this.toScreen(data.subarray(3 * i, 3 * i + 3));
      context.fillStyle = labels ? `rgb(${paint[labels[i] % paint.length].join(" ")})` : "#000000";
      context.beginPath();
      context.arc(x, y, radius, 0, 7);
      context.fill();
      context.stroke();
    }
  }

  // ---------------------------------------------------------------------------------------------- what is looked at

  /** The nearest polygon that a pixel shows: its region, the point there, and whether that is proved to be the one. */
  at(px, py) {
    const [eye, way] = this.ray(px, py);
    let best = null;
    for (const piece of this.shown) {
      const far = meets(eye, way, piece.ring);
      if (far !== null && (best === null || far < best.far)) best = { ...piece, far };
    }
    if (!best) return { point: [NaN, NaN, NaN], region: -1, beside: [] };
    const point = eye.map((v, k) => v + best.far * way[k]);
    const { locator } = this.stage;
    if (best.face === null) {
      point[this.state.cut.axis] = this.cutValue();
      return { point, ...locator.locate(...point) };
    }
    // The point lies on that side of the domain; the other inequalities are proved.
    const isProved = locator.side(best.region, point, best.face) > 0;
    return { point, region: isProved ? best.region : -2, beside: [best.region] };
  }

  atMiddle() {
    return this.at(this.width / 2 + this.shift[0], this.height / 2 + this.shift[1]);
  }

  /** Turn; with `shift`, move. */
  drag(dx, dy, shift) {
    if (shift) this.shift = [this.shift[0] + dx, this.shift[1] + dy];
    else {
      this.yaw += dx * TURN;
      this.pitch = Math.min(Math.PI / 2, Math.max(-Math.PI / 2, this.pitch + dy * TURN));
    }
    this.moved();
  }

  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const before = this.magnified;
    this.magnified = Math.min(1e4, Math.max(0.2, before * factor));
    const ratio = this.magnified / before;
    this.shift = [px - this.width / 2, py - this.height / 2].map((v, k) => v + (this.shift[k] - v) * ratio);
    this.moved();
  }

  /** After the eye has moved. Without a graphics card, pictures are coarse until it rests. */
  moved() {
    if (this.app.isSoft) {
      if (this.fineness === 1) this.setFineness(COARSE);
      clearTimeout(this.resting);
      this.resting = setTimeout(() => {
        this.setFineness(1);
        this.paint();
      }, STILL);
    }
    this.paint();
    this.app.refresh();
  }

  /** Cut where the middle of a region is seen. */
  show(region) {
    const { cut } = this.state;
    if (!cut || this.shown.some((piece) => piece.region === region)) return;
    const middle = this.stage.mesh.middle(region)[cut.axis];
    cut.at = (middle - this.box[cut.axis]) / (this.box[cut.axis + 3] - this.box[cut.axis]);
    this.draw();
  }

  toEntry() {
    const { cut, level } = this.state;
    return [this.yaw, this.pitch, this.magnified, ...this.shift, cut ? cut.axis : -1, cut ? cut.at : 0, level ?? -1].join(",");
  }

  fromEntry(numbers) {
    if (numbers.length !== 8 || !numbers.every(Number.isFinite) || !(numbers[2] > 0)) return;
    [this.yaw, this.pitch, this.magnified] = numbers;
    this.shift = numbers.slice(3, 5);
    const [axis, at, level] = numbers.slice(5);
    this.state.cut = [0, 1, 2].includes(axis) ? { axis, at: Math.min(1, Math.max(0, at)) } : null;
    this.state.level = level >= 0 && level <= 1 ? level : null;
  }

  // ------------------------------------------------------------------------------------------------------ controls

  buildControls() {
    const { names } = this.app.page.told;
    $("space").hidden = false;
    names.forEach((name, k) => $("cut-axis").append(new Option(`across ${name}`, k)));
    $("cut-axis").append(new Option("none", ""));
    $("cut").max = $("level").max = STEPS;
    $("cut-axis").addEventListener("change", () => {
      const axis = $("cut-axis").value;
      this.app.set({ cut: axis === "" ? null : { axis: Number(axis), at: $("cut").value / STEPS } });
    });
    $("cut").addEventListener("input", () => {
      this.app.set({ cut: { axis: this.state.cut ? this.state.cut.axis : 0, at: $("cut").value / STEPS } });
    });
    for (const id of ["level", "level-on"])
      $(id).addEventListener("input", () => {
        if (id === "level") $("level-on").checked = true;
        this.app.set({ level: $("level-on").checked ? $("level").value / STEPS : null });
      });
  }

  writeControls() {
    const { cut, level } = this.state;
    const { told } = this.app.page;
    $("cut-axis").value = cut ? cut.axis : "";
    if (cut) $("cut").value = Math.round(cut.at * STEPS);
    $("cut-text").textContent = cut ? `${told.names[cut.axis]} ≤ ${number(this.cutValue(), 3)}` : "";
    $("level-on").checked = level !== null;
    if (level !== null) $("level").value = Math.round(level * STEPS);
    $("level-text").textContent = level === null ? "" : `output ${this.state.output} = ${number(this.levelValue(), 3)}`;
  }
}

/** How far along a way a flat convex ring is met; null where it is not. */
function meets(eye, way, ring) {
  const minus = (p, q) => [p[0] - q[0], p[1] - q[1], p[2] - q[2]];
  const cross = (p, q) => [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]];
  const dot = (p, q) => p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
  const from = minus(eye, ring[0].at);
  for (let i = 1; i + 1 < ring.length; i++) {
    const [a, b] = [minus(ring[i].at, ring[0].at), minus(ring[i + 1].at, ring[0].at)];
    const h = cross(way, b);
    const scale = dot(a, h);
    if (scale === 0) continue;
    const u = dot(from, h) / scale;
    const q = cross(from, a);
    const v = dot(way, q) / scale;
    if (u < 0 || v < 0 || u + v > 1) continue;
    const far = dot(b, q) / scale;
    if (far > 0) return far;
  }
  return null;
}
