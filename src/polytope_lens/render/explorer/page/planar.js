// A planar partition as a picture: regions, boundaries and points below, and what moves with the pointer above them.

import { swatches } from "./shapes.js";
import { fill, line, strokeEdges } from "./raster.js";
import { Card } from "./webgl.js";
import { Camera, ticks } from "./camera.js";
import { $ } from "./panel.js";

const MARGIN = { left: 56, right: 14, top: 14, bottom: 34 };
const REST = 120; // milliseconds without a move after which the picture is drawn anew
const QUICK = 14; // milliseconds: pictures that take less are drawn anew for each move
const CULLED = 10000; // regions in view from which on a graphics card is asked
const FOLLOW = "#00785a";

export class PlanarView {
  constructor(app) {
    this.app = app;
    this.stats = { base: 0 };
    this.margin = MARGIN;
    this.camera = new Camera(this.domainBox());
  }

  get page() {
    return this.app.page;
  }

  get state() {
    return this.app.state;
  }

  get stage() {
    return this.app.stage;
  }

  domainBox() {
    const { points } = this.stage.mesh;
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < points.length; i += 2) {
      box[0] = Math.min(box[0], points[i]);
      box[1] = Math.min(box[1], points[i + 1]);
      box[2] = Math.max(box[2], points[i]);
      box[3] = Math.max(box[3], points[i + 1]);
    }
    return box;
  }

  resize() {
    const box = $("plot").getBoundingClientRect();
    const width = Math.max(50, box.width - MARGIN.left - MARGIN.right);
    const height = Math.max(50, box.height - MARGIN.top - MARGIN.bottom);
    this.density = window.devicePixelRatio || 1;
    Object.assign($("frame").style, {
      left: `${MARGIN.left}px`, top: `${MARGIN.top}px`, width: `${width}px`, height: `${height}px`,
    });
    for (const id of ["card", "fill", "dots"]) {
      $(id).width = Math.round(width * this.density);
      $(id).height = Math.round(height * this.density);
    }
    $("over").width = Math.round(box.width * this.density);
    $("over").height = Math.round(box.height * this.density);
    this.camera.resize(width, height);
    this.takeWidth();
  }

  /** What draws on a canvas: without a graphics card by the processor at once, not by one that plays a card. */
  context(canvas) {
    return canvas.getContext("2d", { willReadFrequently: this.app.isSoft });
  }

  /** Regions whose boxes meet the view; null for all. */
  inView() {
    if (this.camera.holdsAll()) return null;
    return this.stage.mesh.index.search(...this.camera.view());
  }

  /** Entries of edges by layer, each edge once, those of the domain and of hidden layers left out. */
  edges(chosen) {
    const { mesh, network } = this.stage;
    const found = Array.from({ length: this.app.layers }, () => []);
    const add = (region) => {
      for (let e = mesh.indptr[region]; e < mesh.indptr[region + 1]; e++) {
        const owner = mesh.owners[e];
        if (owner >= 0 && mesh.twins[e] > e) found[network.places[owner][0] - network.hidden].push(e);
      }
    };
    if (chosen) chosen.forEach(add);
    else {
      if (this.stage.edges) return this.stage.edges;
      for (let region = 0; region < mesh.n; region++) add(region);
      this.stage.edges = found;
    }
    return found;
  }

  /** Colour and width of a layer's lines: hairlines where many, earlier layers thicker. */
  lineStyle(layer, nInView) {
    const { color } = this.state;
    const side = Math.min(this.camera.width, this.camera.height);
    const base = Math.min(1.1, Math.max(0.3, (0.055 * side) / Math.sqrt(Math.max(nInView, 1))));
    const rgb = [...this.page.layer_colors.subarray(3 * layer, 3 * layer + 3)];
    // On dark colours white, on light ones dark, and by layer where there is no colour but grey.
    const byColor = { value: [rgb, 1], layer: [[255, 255, 255], 1], age: [[255, 255, 255], 0.5], purity: [[51, 51, 51], 0.7] };
    const [ink, opacity] = byColor[color] || [[51, 51, 51], 0.6];
    return { ink, opacity, width: base * (1 + (this.app.layers - layer) / this.app.layers) };
  }

  /** Draw regions, boundaries and points for where the camera is now. */
  draw() {
    const began = performance.now();
    clearTimeout(this.resting);
    const { mesh } = this.stage;
    const shapes = this.app.shapes();
    const chosen = this.inView();
    const nInView = chosen ? chosen.length : mesh.n;
    const wanted = this.state.renderer || (this.app.isSoft || nInView < CULLED ? "canvas" : "card");
    const useCard = wanted === "card" && this.app.cardName !== "" && !this.isDeep();
    $("card").hidden = !useCard;
    $("fill").hidden = useCard;
    if (useCard) this.drawByCard(shapes, nInView);
    else this.drawByCanvas(shapes, chosen, nInView);
    this.drawDots();
    this.drawn = this.camera.copy();
    $("stack").style.transform = "";
    this.stats.base = performance.now() - began;
    this.stats.renderer = useCard ? "card" : "canvas";
    this.stats.inView = nInView;
  }

  /** Whether one looks so near that the 24 bits of a card's corners are not enough: a pixel is a 2^-19 of the domain. */
  isDeep() {
    const [left, bottom, right, top] = this.camera.box;
    return this.camera.scale * Math.max(right - left, (top - bottom) * this.camera.ratio) > 2 ** 19;
  }

  drawByCanvas(shapes, chosen, nInView) {
    const canvas = $("fill");
    const context = this.context(canvas);
    if (!this.image || this.image.width !== canvas.width || this.image.height !== canvas.height)
      this.image = context.createImageData(canvas.width, canvas.height);
    const transform = this.camera.transform(this.density);
    fill(this.image, shapes, transform, chosen);
    context.putImageData(this.image, 0, 0);
    const edges = this.edges(chosen).map((entries, layer) => (this.app.isShown(layer) ? entries : []));
    strokeEdges(context, this.stage.mesh, edges, transform, (layer) => {
      const { ink, opacity, width } = this.lineStyle(layer, nInView);
      return { color: `rgb(${ink.join(" ")} / ${opacity})`, width: width * this.density };
    });
  }

  drawByCard(shapes, nInView) {
    this.card = this.card || new Card($("card"));
    const { camera, card } = this;
    if (card.shapes !== shapes) card.load(shapes, this.stage.mesh, this.edges(null), camera.box);
    card.draw(camera, this.density, (layer) => {
      if (!this.app.isShown(layer)) return null;
      const { ink, opacity, width } = this.lineStyle(layer, nInView);
      return { rgba: [...ink.map((v) => v / 255), opacity], width };
    });
  }

  drawDots() {
    const canvas = $("dots");
    const context = this.context(canvas);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const { data, labels } = this.page;
    if (!data || !this.state.dots) return;
    const { camera, density } = this;
    const [sx, tx, sy, ty] = camera.transform(density);
    const inside = [];
    for (let i = 0; 2 * i < data.length; i++) {
      const x = sx * data[2 * i] + tx;
      const y = sy * data[2 * i + 1] + ty;
      if (x > -9 && y > -9 && x < canvas.width + 9 && y < canvas.height + 9) inside.push([x, y, labels ? labels[i] : 0]);
    }
    const radius = density * Math.min(4, Math.max(1.1, (0.09 * Math.min(camera.width, camera.height)) / Math.sqrt(inside.length + 1)));
    const colors = swatches(this.page.class_colors);
    const groups = new Map();
    for (const dot of inside) {
      if (!groups.has(dot[2])) groups.set(dot[2], []);
      groups.get(dot[2]).push(dot);
    }
    context.lineWidth = Math.max(0.6 * density, radius * 0.28);
    context.strokeStyle = labels ? "#000000" : "#ffffff";
    for (const [label, dots] of groups) {
      context.fillStyle = labels ? `rgb(${colors[label % colors.length].join(" ")})` : "#000000";
      context.beginPath();
      for (const [x, y] of dots) {
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 7);
      }
      context.stroke();
      context.fill();
    }
  }

  /** What moves with the pointer: axes, the region under it, the one that is kept. */
  drawOver() {
    const canvas = $("over");
    const context = this.context(canvas);
    const { camera, density, state } = this;
    const { mesh } = this.stage;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(density, 0, 0, density, 0, 0);
    this.drawAxes(context);
    context.save();
    context.beginPath();
    context.rect(MARGIN.left, MARGIN.top, camera.width, camera.height);
    context.clip();
    context.translate(MARGIN.left, MARGIN.top);
    context.lineJoin = context.lineCap = "round";
    const ring = (region) => {
      const corners = mesh.polygon(region).map(([x, y]) => camera.toScreen(x, y));
      corners.forEach((corner, k) => line(context, [...corner, ...corners[(k + 1) % corners.length]]));
    };
    const outline = (region, wide) => {
      for (const [width, color] of [[2.2 * wide, "#ffffff"], [wide, "#000000"]]) {
        context.beginPath();
        ring(region);
        Object.assign(context, { lineWidth: width, strokeStyle: color });
        context.stroke();
      }
    };
    if (state.pin) {
      context.fillStyle = "rgb(0 158 115 / 0.32)";
      for (const beside of mesh.neighbors(state.pin.region)) {
        context.beginPath();
        mesh.polygon(beside).forEach(([x, y], k) => {
          const [px, py] = camera.toScreen(x, y);
          if (k) context.lineTo(px, py);
          else context.moveTo(px, py);
        });
        context.fill();
      }
    }
    if (state.neuron !== null) {
      for (const [width, color] of [[6, "#ffffff"], [3, FOLLOW]]) {
        context.beginPath();
        for (const e of this.bent()) {
          const ends = [e, mesh.next(e)].map((k) => mesh.corners[k]);
          line(context, ends.flatMap((c) => camera.toScreen(mesh.points[2 * c], mesh.points[2 * c + 1])));
        }
        Object.assign(context, { lineWidth: width, strokeStyle: color });
        context.stroke();
      }
    }
    if (this.app.hover && this.app.hover.region >= 0) outline(this.app.hover.region, 1.4);
    if (state.pin) outline(state.pin.region, 2.4);
    context.restore();
  }

  /** Edges of the chosen neuron's bent hyperplane. */
  bent() {
    const { stage, state } = this;
    if (!stage.bent || stage.bent.neuron !== state.neuron)
      stage.bent = { neuron: state.neuron, edges: stage.mesh.bentHyperplane(state.neuron) };
    return stage.bent.edges;
  }

  drawAxes(context) {
    const { camera } = this;
    const style = getComputedStyle(document.documentElement);
    const [left, bottom, right, top] = camera.view();
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = style.getPropertyValue("--soft");
    context.strokeStyle = style.getPropertyValue("--soft");
    context.lineWidth = 1;
    const foot = MARGIN.top + camera.height;
    context.strokeRect(MARGIN.left - 0.5, MARGIN.top - 0.5, camera.width + 1, camera.height + 1);
    context.textAlign = "center";
    context.textBaseline = "top";
    context.beginPath();
    for (const [value, text] of ticks(left, right, Math.max(2, camera.width / 110))) {
      const x = Math.round(MARGIN.left + camera.toScreen(value, 0)[0]) + 0.5;
      context.moveTo(x, foot);
      context.lineTo(x, foot + 4);
      context.fillText(text, x, foot + 6);
    }
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const [value, text] of ticks(bottom, top, Math.max(2, camera.height / 70))) {
      const y = Math.round(MARGIN.top + camera.toScreen(0, value)[1]) + 0.5;
      context.moveTo(MARGIN.left, y);
      context.lineTo(MARGIN.left - 4, y);
      context.fillText(text, MARGIN.left - 7, y, MARGIN.left - 9);
    }
    context.stroke();
    context.textAlign = "right";
    context.textBaseline = "bottom";
    context.fillText(this.page.told.axes[0], MARGIN.left + camera.width, foot + 33);
    context.save();
    context.translate(14, MARGIN.top);
    context.rotate(-Math.PI / 2);
    context.fillText(this.page.told.axes[1], 0, 0);
    context.restore();
  }

  /** After the camera has moved: the last picture is moved along, and drawn anew at rest, or at once where that is quick. */
  moved() {
    if (this.stats.base < QUICK || this.stats.renderer === "card") this.draw();
    else {
      const { camera, drawn } = this;
      const factor = camera.scale / drawn.scale;
      const [x, y] = camera.toScreen(...drawn.toWorld(0, 0));
      $("stack").style.transform = `translate(${x}px, ${y}px) scale(${factor})`;
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.draw(), REST);
    }
    this.app.refresh();
  }

  /** The region at a pixel of the frame, and the point there. */
  at(px, py) {
    const point = this.camera.toWorld(px, py);
    return { point, ...this.stage.locator.locate(...point) };
  }

  atMiddle() {
    return this.at(this.camera.width / 2, this.camera.height / 2);
  }

  drag(dx, dy) {
    this.camera.pan(dx, dy);
    this.moved();
  }

  zoom(factor, px, py) {
    this.camera.zoom(factor, px, py);
    this.moved();
  }

  fit() {
    this.camera.fit();
  }

  /** Bring a region into view if it is not. */
  show(region) {
    const [left, bottom, right, top] = this.camera.view();
    const ring = this.stage.mesh.polygon(region);
    const box = [
      Math.min(...ring.map((p) => p[0])), Math.min(...ring.map((p) => p[1])),
      Math.max(...ring.map((p) => p[0])), Math.max(...ring.map((p) => p[1])),
    ];
    const wide = (box[2] - box[0] + (box[3] - box[1])) * this.camera.scale;
    const isInside = box[0] >= left && box[1] >= bottom && box[2] <= right && box[3] <= top;
    if (isInside && wide >= 12) return;
    this.camera.show(box);
    this.draw();
  }

  /** What the address keeps of the view; nothing where the whole domain is shown. */
  toEntry() {
    const { camera } = this;
    return camera.isFitted ? null : [camera.x, camera.y, camera.width / camera.scale].join(",");
  }

  fromEntry(numbers) {
    if (numbers.length !== 3 || !numbers.every(Number.isFinite) || !(numbers[2] > 0)) return;
    [this.camera.x, this.camera.y, this.wantedWidth] = numbers;
    this.camera.isFitted = false;
    this.takeWidth();
  }

  /** The width that the address asked for, as soon as there is a picture. */
  takeWidth() {
    if (!this.wantedWidth || this.camera.width <= 1) return;
    this.camera.setScale(this.camera.width / this.wantedWidth);
    this.wantedWidth = null;
  }
}
