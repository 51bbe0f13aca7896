// The page: what is looked at, how it is drawn, and what keys and pointers do.

import { unpacked } from "./payload.js";
import { Network } from "./network.js";
import { Mesh } from "./mesh.js";
import { Locator } from "./locate.js";
import { choices, shapesOf, swatches } from "./shapes.js";
import { fill, line, strokeEdges } from "./raster.js";
import { Card, cardName } from "./webgl.js";
import { Camera, ticks } from "./camera.js";
import { certain, h, legendOf, number, regionCard, swatch } from "./panel.js";

const $ = (id) => document.getElementById(id);
const MARGIN = { left: 56, right: 14, top: 14, bottom: 34 };
const KEPT = 12; // frames that stay decoded
const REST = 120; // milliseconds without a move after which the picture is drawn anew
const QUICK = 14; // milliseconds: pictures that take less are drawn anew for each move
const CULLED = 10000; // regions in view from which on a graphics card is asked
const FOLLOW = "#00785a";

class Explorer {
  async start() {
    this.texts = [...document.querySelectorAll("script.payload")].map((script) => script.textContent);
    this.page = await unpacked(this.texts[0]);
    const { told } = this.page;
    this.state = {
      step: 0, color: told.color, output: told.output, hidden: new Set(), boundaries: told.boundaries, dots: true,
      neuron: null, pin: null, theme: null,
    };
    this.stages = new Map();
    this.stage = await this.staged(0);
    this.camera = new Camera(this.domainBox());
    this.layers = Math.max(0, this.stage.frame.told.layers - this.stage.frame.told.hidden);
    this.hover = null;
    this.stats = { base: 0, hover: 0 };
    this.cardName = cardName();
    this.isSoft = !this.cardName || /swiftshader|llvmpipe|software|basic render/i.test(this.cardName);
    this.buildControls();
    await this.fromAddress();
    this.listen();
    this.resize();
    $("busy").hidden = true;
    $("busy").style.display = "none";
    this.drawBase();
    this.refresh();
  }

  // ------------------------------------------------------------------------------------------------------- stages

  /** A frame with what is derived from it; the last few are kept. */
  async staged(step) {
    const known = this.stages.get(step);
    if (known) {
      this.stages.delete(step);
      this.stages.set(step, known);
      return known;
    }
    const frame = await unpacked(this.texts[step + 1]);
    const network = new Network(frame);
    const mesh = new Mesh(frame, network);
    const made = { frame, network, mesh, locator: new Locator(mesh, network, frame), shapes: new Map() };
    this.stages.set(step, made);
    if (this.stages.size > KEPT) this.stages.delete(this.stages.keys().next().value);
    return made;
  }

  shapes() {
    const { color, output } = this.state;
    const key = `${color} ${output}`;
    const { stage } = this;
    if (!stage.shapes.has(key)) {
      stage.shapes.clear();
      stage.shapes.set(key, shapesOf(this.page, stage.frame, stage.mesh, color, output));
    }
    return stage.shapes.get(key);
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

  async setStep(step) {
    this.wantedStep = step;
    const stage = await this.staged(step);
    if (this.wantedStep !== step) return;
    this.state.step = step;
    this.stage = stage;
    if (this.state.pin) {
      const found = stage.locator.locate(this.state.pin.x, this.state.pin.y).region;
      this.state.pin = found >= 0 ? { ...this.state.pin, region: found } : null;
    }
    this.hover = null;
    $("step").value = step;
    this.drawBase();
    this.refresh();
    if (step + 1 < this.texts.length - 1) this.staged(step + 1);
  }

  // ------------------------------------------------------------------------------------------------------ drawing

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
  }

  /** What draws on a canvas: without a graphics card by the processor at once, not by one that plays a card. */
  context(canvas) {
    return canvas.getContext("2d", { willReadFrequently: this.isSoft });
  }

  /** Regions whose boxes meet the view; null for all. */
  inView() {
    if (this.camera.holdsAll()) return null;
    return this.stage.mesh.index.search(...this.camera.view());
  }

  /** Entries of edges by layer, each edge once, those of the domain and of hidden layers left out. */
  edges(chosen) {
    const { mesh, network } = this.stage;
    const found = Array.from({ length: this.layers }, () => []);
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
    const [ink, opacity] = color === "value" ? [rgb, 1] : color === "layer" ? [[255, 255, 255], 1] : [[51, 51, 51], 0.6];
    return { ink, opacity, width: base * (1 + (this.layers - layer) / this.layers) };
  }

  isShown(layer) {
    return this.state.boundaries && !this.state.hidden.has(layer);
  }

  /** Draw regions, boundaries and points for where the camera is now. */
  drawBase() {
    const began = performance.now();
    clearTimeout(this.resting);
    const { mesh } = this.stage;
    const shapes = this.shapes();
    const chosen = this.inView();
    const nInView = chosen ? chosen.length : mesh.n;
    const wanted = this.state.renderer || (this.isSoft || nInView < CULLED ? "canvas" : "card");
    const useCard = wanted === "card" && this.cardName !== "";
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

  drawByCanvas(shapes, chosen, nInView) {
    const canvas = $("fill");
    const context = this.context(canvas);
    if (!this.image || this.image.width !== canvas.width || this.image.height !== canvas.height)
      this.image = context.createImageData(canvas.width, canvas.height);
    const transform = this.camera.transform(this.density);
    fill(this.image, shapes, transform, chosen);
    context.putImageData(this.image, 0, 0);
    const edges = this.edges(chosen).map((entries, layer) => (this.isShown(layer) ? entries : []));
    strokeEdges(context, this.stage.mesh, edges, transform, (layer) => {
      const { ink, opacity, width } = this.lineStyle(layer, nInView);
      return { color: `rgb(${ink.join(" ")} / ${opacity})`, width: width * this.density };
    });
  }

  drawByCard(shapes, nInView) {
    this.card = this.card || new Card($("card"));
    const { camera, card } = this;
    const [left, bottom, right, top] = camera.box;
    const unit = 1 / Math.max(right - left, top - bottom);
    // 24 bits about the middle of the domain are enough until a pixel is a 2^-20 of it, then about that of the view.
    const isDeep = camera.scale * Math.max(right - left, top - bottom) > 2 ** 19;
    const origin = isDeep ? [camera.x, camera.y] : [left / 2 + right / 2, bottom / 2 + top / 2];
    const isNear = card.origin && Math.hypot(card.origin[0] - origin[0], card.origin[1] - origin[1]) * camera.scale < 2 ** 19;
    if (card.shapes !== shapes || card.isDeep !== isDeep || !isNear) {
      card.load(shapes, this.stage.mesh, this.edges(null), origin, unit);
      card.isDeep = isDeep;
    }
    card.draw(camera, this.density, (layer) => {
      if (!this.isShown(layer)) return null;
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
    for (const dot of inside) groups.set(dot[2], [...(groups.get(dot[2]) || []).splice(0), dot]);
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
    if (this.hover && this.hover.region >= 0) outline(this.hover.region, 1.4);
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

  // ------------------------------------------------------------------------------------------- what is looked at

  /** After the camera has moved: the last picture is moved along, and drawn anew at rest, or at once where that is quick. */
  moved() {
    if (this.stats.base < QUICK || this.stats.renderer === "card") this.drawBase();
    else {
      const { camera, drawn } = this;
      const factor = camera.scale / drawn.scale;
      const [x, y] = camera.toScreen(...drawn.toWorld(0, 0));
      $("stack").style.transform = `translate(${x}px, ${y}px) scale(${factor})`;
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.drawBase(), REST);
    }
    this.refresh();
  }

  /** Draw what is on top, write what is beside, and keep the address, with the next picture. */
  refresh() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.drawOver();
      this.writePanel();
      clearTimeout(this.keeping);
      this.keeping = setTimeout(() => this.toAddress(), 250);
    });
  }

  /** The region under the pointer. */
  point(px, py) {
    const began = performance.now();
    const [x, y] = this.camera.toWorld(px, py);
    this.hover = { x, y, ...this.stage.locator.locate(x, y) };
    this.stats.hover = performance.now() - began;
    this.refresh();
  }

  pin(region, x, y) {
    const [mx, my] = this.stage.mesh.middle(region);
    this.state.pin = { region, x: x ?? mx, y: y ?? my };
    this.refresh();
  }

  /** Keep a region and bring it into view if it is not. */
  goTo(region) {
    const [left, bottom, right, top] = this.camera.view();
    const ring = this.stage.mesh.polygon(region);
    const box = [
      Math.min(...ring.map((p) => p[0])), Math.min(...ring.map((p) => p[1])),
      Math.max(...ring.map((p) => p[0])), Math.max(...ring.map((p) => p[1])),
    ];
    const wide = ((box[2] - box[0]) + (box[3] - box[1])) * this.camera.scale;
    const isInside = box[0] >= left && box[1] >= bottom && box[2] <= right && box[3] <= top;
    if (!isInside || wide < 12) {
      this.camera.show(box);
      this.drawBase();
    }
    this.pin(region);
  }

  unpin() {
    this.state.pin = null;
    this.state.neuron = null;
    this.refresh();
  }

  follow(bit) {
    this.state.neuron = this.state.neuron === bit ? null : bit;
    this.refresh();
  }

  set(changes) {
    Object.assign(this.state, changes);
    this.drawBase();
    this.refresh();
  }

  // -------------------------------------------------------------------------------------------- beside the picture

  say(text) {
    this.said = { text, until: performance.now() + 2500 };
    this.writeStatus();
    setTimeout(() => this.writeStatus(), 2600);
  }

  writeStatus() {
    const { hover } = this;
    let text = "Point at a region; click to keep it. ? lists the keys.";
    if (this.said && performance.now() < this.said.until) text = this.said.text;
    else if (hover) {
      const at = `${this.page.told.names.map((name, k) => `${name} = ${number(k ? hover.y : hover.x, 7)}`).join(", ")}`;
      if (hover.region >= 0) {
        const { value, error } = this.stage.locator.output(hover.region, [hover.x, hover.y], this.state.output);
        text = `${at} \u00b7 region ${hover.region} \u00b7 output ${this.state.output}: ${certain(value, error, 6)}`;
      } else if (hover.region === -1) text = `${at} \u00b7 outside the domain`;
      else text = `${at} \u00b7 on a boundary${hover.beside.length ? `, of regions ${hover.beside.slice(0, 6).join(", ")}` : ""}`;
    }
    $("status").textContent = text;
  }

  writePanel() {
    const { state, stage, page, hover } = this;
    const { told } = page;
    this.writeStatus();
    $("title").textContent = `${stage.mesh.n.toLocaleString("en")} regions`;
    if (told.steps.length > 1)
      $("step-text").textContent = `step ${told.steps[state.step].toLocaleString("en")}`;
    const shapes = this.shapes();
    if (this.legend !== shapes.legend) {
      this.legend = shapes.legend;
      $("legend").replaceChildren(legendOf(shapes.legend));
    }
    const region = state.pin ? state.pin.region : hover && hover.region;
    const point = state.pin ? [state.pin.x, state.pin.y] : hover && [hover.x, hover.y];
    const card = $("card-of-region");
    if (region === null || region === undefined || region < 0) {
      const text = hover && hover.region === -2 ? "On a boundary." : "Point at a region to see its inequalities, its affine map and its pattern.";
      if (this.written !== text) card.replaceChildren(h("p", { className: "note" }, text));
      this.written = text;
      return;
    }
    const key = [state.step, region, point, state.neuron, Boolean(state.pin), state.theme].join(" ");
    if (this.written === key) return;
    this.written = key;
    const width = Math.max(180, card.clientWidth - 32);
    card.replaceChildren(
      ...regionCard(stage, page, { region, point, isPinned: Boolean(state.pin), neuron: state.neuron, width }, {
        pin: (other) => this.goTo(other),
        neuron: (bit) => this.follow(bit),
        say: (text) => this.say(text),
        unpin: () => this.unpin(),
      }),
    );
  }

  buildControls() {
    const { page, stage, state } = this;
    const { told } = page;
    $("color").append(...choices(page, stage.frame).map(([value, text]) => h("option", { value }, text)));
    $("output").append(...Array.from({ length: told.outputs }, (_, k) => h("option", { value: k }, String(k))));
    $("output-label").hidden = told.outputs === 1;
    const colors = swatches(page.layer_colors);
    for (let layer = 0; layer < this.layers; layer++) {
      const box = h("input", { type: "checkbox", checked: true, onchange: () => this.toggle(layer) });
      $("layers").append(h("label", {}, box, swatch(colors[layer]), String(layer)));
    }
    $("layers").hidden = this.layers === 0;
    $("points-label").hidden = !page.data;
    if (page.data) {
      $("points-label").querySelector("span").replaceChildren(
        `${(page.data.length / 2).toLocaleString("en")} points `,
        ...told.labels.slice(0, 12).flatMap((name, k) => [swatch(swatches(page.class_colors)[k % 8]), ` ${name} `]),
      );
    }
    $("film").hidden = told.steps.length < 2;
    $("step").max = told.steps.length - 1;
    $("region-number").max = stage.mesh.n - 1;
    this.syncControls();
    this.setTheme(state.theme);
  }

  syncControls() {
    const { state } = this;
    $("color").value = state.color;
    $("output").value = state.output;
    $("output-label").hidden = this.page.told.outputs === 1 || !["value", "slope"].includes(state.color);
    $("points").checked = state.dots;
    $("layers").classList.toggle("plain", state.color !== "value");
    $("step").value = state.step;
    [...$("layers").querySelectorAll("input")].forEach((box, layer) => (box.checked = this.isShown(layer)));
  }

  toggle(layer) {
    const { state } = this;
    if (!state.boundaries) {
      state.boundaries = true;
      state.hidden = new Set(Array.from({ length: this.layers }, (_, l) => l).filter((l) => l !== layer));
    } else if (!state.hidden.delete(layer)) state.hidden.add(layer);
    this.syncControls();
    this.set({});
  }

  setTheme(theme) {
    const dark = theme ? theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    $("theme").textContent = dark ? "Light" : "Dark";
  }

  switchTheme() {
    this.state.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    this.setTheme(this.state.theme);
    this.refresh();
  }

  nextColor() {
    const all = [...$("color").options].map((option) => option.value);
    this.set({ color: all[(all.indexOf(this.state.color) + 1) % all.length] });
    this.syncControls();
  }

  play() {
    if (this.playing) {
      clearInterval(this.playing);
      this.playing = null;
    } else if (this.page.told.steps.length > 1) {
      this.playing = setInterval(() => this.setStep((this.state.step + 1) % this.page.told.steps.length), 160);
    }
    $("play").textContent = this.playing ? "❚❚" : "▶";
    $("play").setAttribute("aria-label", this.playing ? "Pause" : "Play");
  }

  // -------------------------------------------------------------------------------------------------- the address

  toAddress() {
    const { state, camera } = this;
    const entries = { color: state.color };
    if (this.page.told.outputs > 1) entries.output = state.output;
    if (!camera.isFitted) entries.view = [camera.x, camera.y, camera.width / camera.scale].join(",");
    if (state.hidden.size) entries.hidden = [...state.hidden].sort((a, b) => a - b).join(",");
    if (!state.boundaries) entries.boundaries = 0;
    if (this.page.data && !state.dots) entries.points = 0;
    if (state.pin) entries.region = [state.pin.region, state.pin.x, state.pin.y].join(",");
    if (state.neuron !== null) entries.neuron = Object.values(this.stage.network.nameOf(state.neuron)).join(",");
    if (state.step) entries.step = this.page.told.steps[state.step];
    if (state.theme) entries.theme = state.theme;
    if (state.renderer) entries.renderer = state.renderer;
    this.address = `#${Object.entries(entries).map((pair) => pair.join("=")).join("&")}`;
    try {
      history.replaceState(null, "", this.address);
    } catch {
      // Frames of notebooks have no address.
    }
  }

  /** Take what the address says, as far as there is such a thing. */
  async fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    const { state, page, camera } = this;
    const numbers = (name) => (given.get(name) || "").split(",").map(Number);
    const colors = [...$("color").options].map((option) => option.value);
    if (colors.includes(given.get("color"))) state.color = given.get("color");
    const output = Number(given.get("output") ?? state.output);
    if (Number.isInteger(output) && output >= 0 && output < page.told.outputs) state.output = output;
    const step = page.told.steps.indexOf(Number(given.get("step")));
    if (given.has("step") && step >= 0) {
      state.step = step;
      this.stage = await this.staged(step);
    }
    const view = numbers("view");
    if (view.length === 3 && view.every(Number.isFinite) && view[2] > 0) {
      [camera.x, camera.y] = view;
      this.wantedWidth = view[2];
      camera.isFitted = false;
    }
    state.hidden = new Set(given.has("hidden") ? numbers("hidden").filter((l) => l >= 0 && l < this.layers) : []);
    if (given.has("boundaries")) state.boundaries = given.get("boundaries") !== "0";
    state.dots = given.get("points") !== "0";
    const [region, x, y] = numbers("region");
    if (given.has("region") && Number.isInteger(region) && region >= 0 && region < this.stage.mesh.n)
      this.pin(region, Number.isFinite(x) ? x : undefined, Number.isFinite(y) ? y : undefined);
    const bit = this.stage.network.bitOf(...numbers("neuron"));
    if (given.has("neuron") && bit !== undefined) state.neuron = bit;
    if (["light", "dark"].includes(given.get("theme"))) state.theme = given.get("theme");
    if (["card", "canvas"].includes(given.get("renderer"))) state.renderer = given.get("renderer");
    this.setTheme(state.theme);
    this.syncControls();
  }

  // ------------------------------------------------------------------------------------------------ keys, pointers

  listen() {
    const plot = $("plot");
    new ResizeObserver(() => {
      this.resize();
      if (this.wantedWidth) this.camera.setScale(this.camera.width / this.wantedWidth);
      this.wantedWidth = null;
      this.drawBase();
      this.refresh();
    }).observe(plot);
    const place = (event) => {
      const box = plot.getBoundingClientRect();
      return [event.clientX - box.left - MARGIN.left, event.clientY - box.top - MARGIN.top];
    };
    const down = new Map();
    let travelled = 0;
    plot.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      plot.setPointerCapture(event.pointerId);
      if (!down.size) travelled = 0;
      down.set(event.pointerId, place(event));
    });
    plot.addEventListener("pointermove", (event) => {
      const [px, py] = place(event);
      if (!down.has(event.pointerId)) return this.point(px, py);
      const [ox, oy] = down.get(event.pointerId);
      travelled += Math.hypot(px - ox, py - oy);
      if (down.size === 1) {
        if (travelled < 4) return undefined;
        plot.classList.add("moving");
        this.camera.pan(px - ox, py - oy);
      } else {
        const [qx, qy] = [...down].find(([id]) => id !== event.pointerId)[1];
        this.camera.zoom(Math.hypot(px - qx, py - qy) / Math.max(1, Math.hypot(ox - qx, oy - qy)), qx, qy);
      }
      down.set(event.pointerId, [px, py]);
      return this.moved();
    });
    const up = (event) => {
      if (!down.delete(event.pointerId)) return;
      plot.classList.remove("moving");
      if (event.type === "pointerup" && travelled < 4 && !down.size) {
        this.point(...place(event));
        if (this.hover.region >= 0) this.pin(this.hover.region, this.hover.x, this.hover.y);
        else if (this.hover.region === -1) this.unpin();
      }
    };
    plot.addEventListener("pointerup", up);
    plot.addEventListener("pointercancel", up);
    plot.addEventListener("pointerleave", () => {
      this.hover = null;
      this.refresh();
    });
    plot.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const lines = event.deltaMode ? 20 : 1;
        this.camera.zoom(2 ** (-event.deltaY * lines * 0.0025), ...place(event));
        this.moved();
        this.point(...place(event));
      },
      { passive: false },
    );
    document.addEventListener("keydown", (event) => this.key(event));
    $("color").addEventListener("change", () => {
      this.set({ color: $("color").value });
      this.syncControls();
    });
    $("output").addEventListener("change", () => this.set({ output: Number($("output").value) }));
    $("points").addEventListener("change", () => this.set({ dots: $("points").checked }));
    $("fit").addEventListener("click", () => this.fit());
    $("theme").addEventListener("click", () => this.switchTheme());
    $("keys").addEventListener("click", () => $("help").showModal());
    $("play").addEventListener("click", () => this.play());
    $("step").addEventListener("input", () => this.setStep(Number($("step").value)));
    $("film").addEventListener("submit", (event) => event.preventDefault());
    $("region-number").addEventListener("change", () => {
      const region = $("region-number").valueAsNumber;
      if (Number.isInteger(region) && region >= 0 && region < this.stage.mesh.n) this.goTo(region);
      else this.say(`regions are numbered from 0 to ${this.stage.mesh.n - 1}`);
    });
    $("neuron").addEventListener("change", () => {
      const [layer, neuron] = $("neuron").value.split(/[\s,]+/).map(Number);
      const bit = this.stage.network.bitOf(layer, neuron);
      if (bit === undefined) this.say("there is no such neuron that cuts: write its layer, a comma and its number, such as 1, 5");
      else {
        this.state.neuron = bit;
        this.refresh();
      }
    });
    window.addEventListener("hashchange", async () => {
      if (location.hash === this.address) return;
      this.state.pin = this.state.neuron = null;
      await this.fromAddress();
      if (this.wantedWidth) this.camera.setScale(this.camera.width / this.wantedWidth);
      this.wantedWidth = null;
      this.set({});
    });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.setTheme(this.state.theme);
      this.refresh();
    });
  }

  fit() {
    this.camera.fit();
    this.set({});
  }

  key(event) {
    const typed = event.target.closest("input, select, textarea");
    if ($("help").open || event.ctrlKey || event.metaKey || event.altKey || (typed && event.key !== "Escape")) return;
    const far = event.shiftKey ? 200 : 50;
    const { camera } = this;
    const move = (dx, dy) => () => {
      camera.pan(dx, dy);
      this.moved();
    };
    const zoom = (factor) => () => {
      camera.zoom(factor);
      this.moved();
    };
    const onButton = event.target.closest("button");
    const actions = {
      ArrowLeft: move(far, 0), ArrowRight: move(-far, 0), ArrowUp: move(0, far), ArrowDown: move(0, -far),
      "+": zoom(1.5), "=": zoom(1.5), "-": zoom(1 / 1.5), 0: () => this.fit(), Home: () => this.fit(),
      Escape: () => this.unpin(), c: () => this.nextColor(), d: () => this.switchTheme(),
      b: () => {
        this.state.hidden.clear();
        this.set({ boundaries: !this.state.boundaries });
        this.syncControls();
      },
      p: () => {
        this.set({ dots: !this.state.dots });
        this.syncControls();
      },
      "[": () => this.state.step > 0 && this.setStep(this.state.step - 1),
      "]": () => this.state.step + 1 < this.page.told.steps.length && this.setStep(this.state.step + 1),
      "?": () => $("help").showModal(),
    };
    if (!onButton) {
      actions[" "] = () => this.play();
      actions.Enter = () => {
        this.point(camera.width / 2, camera.height / 2);
        if (this.hover.region >= 0) this.pin(this.hover.region, this.hover.x, this.hover.y);
      };
    }
    for (let layer = 0; layer < Math.min(9, this.layers); layer++) actions[layer + 1] = () => this.toggle(layer);
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}

// Kept where tests, and a curious user's console, find it.
window.explorer = new Explorer();
window.explorer.ready = window.explorer.start().catch((error) => {
  document.getElementById("busy").textContent = `This page could not be shown: ${error.message}`;
  throw error;
});
