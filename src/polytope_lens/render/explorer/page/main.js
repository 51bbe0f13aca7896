// The page: what is looked at, how it is drawn, and what keys and pointers do.

import { unpacked } from "./payload.js";
import { Network } from "./network.js";
import { PlanarMesh } from "./mesh.js";
import { SolidMesh } from "./solid.js";
import { Locator } from "./locate.js";
import { choices, shapesOf, swatches } from "./shapes.js";
import { cardName } from "./webgl.js";
import { $, certain, h, legendOf, number, regionCard, swatch } from "./panel.js";
import { PlanarView } from "./planar.js";
import { SolidView } from "./solid_view.js";
import { fromAddress, toAddress } from "./address.js";
import { follow } from "./live.js";

const KEPT = 12; // frames that stay decoded

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
    this.layers = Math.max(0, this.stage.frame.told.layers - this.stage.frame.told.hidden);
    this.hover = null;
    this.stats = { hover: 0 };
    this.cardName = cardName();
    this.isSoft = !this.cardName || /swiftshader|llvmpipe|software|basic render/i.test(this.cardName);
    this.view = new (told.names.length === 3 ? SolidView : PlanarView)(this);
    this.buildControls();
    await fromAddress(this);
    this.listen();
    this.view.resize();
    this.view.draw();
    $("busy").remove();
    this.refresh();
    if (told.live) follow(this);
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
    const mesh = new (frame.face_regions ? SolidMesh : PlanarMesh)(frame, network);
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

  async setStep(step) {
    this.wantedStep = step;
    const stage = await this.staged(step);
    if (this.wantedStep !== step) return;
    this.state.step = step;
    this.stage = stage;
    if (this.state.pin) {
      // On a boundary, one of the regions beside it.
      const { region, beside } = stage.locator.locate(...this.state.pin.point);
      const found = region >= 0 ? region : beside[0];
      this.state.pin = found === undefined ? null : { ...this.state.pin, region: found };
    }
    this.hover = null;
    $("step").value = step;
    this.view.draw();
    this.refresh();
    if (step + 1 < this.texts.length - 1) this.staged(step + 1);
  }

  /** After so many steps were added: go on to the last one from what was the last. */
  async lengthen(n) {
    const last = this.page.told.steps.length - 1;
    const wasLast = this.state.step === last - n;
    $("film").hidden = false;
    $("step").max = last;
    for (const stage of this.stages.values()) stage.shapes.clear(); // scales may have become wider
    if (wasLast && !this.playing) await this.setStep(last);
    else this.refresh();
  }

  // ------------------------------------------------------------------------------------------- what is looked at

  /** Draw what is on top, write what is beside, and keep the address, with the next picture. */
  refresh() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.view.drawOver();
      this.writePanel();
      clearTimeout(this.keeping);
      this.keeping = setTimeout(() => toAddress(this), 250);
    });
  }

  /** Look at what is under the pointer. */
  point(px, py) {
    const began = performance.now();
    this.hover = this.view.at(px, py);
    this.stats.hover = performance.now() - began;
    this.refresh();
  }

  pin(region, point) {
    this.state.pin = { region, point: point ?? this.stage.mesh.middle(region) };
    this.refresh();
  }

  /** Keep what is looked at. */
  pinHover() {
    if (this.hover.region >= 0) this.pin(this.hover.region, this.hover.point);
  }

  /** Keep a region and bring it into view if it is not. */
  goTo(region) {
    this.view.show(region);
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
    this.view.draw();
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
      const at = `${this.page.told.names.map((name, k) => `${name} = ${number(hover.point[k], 7)}`).join(", ")}`;
      if (hover.region >= 0) {
        const { value, error } = this.stage.locator.output(hover.region, hover.point, this.state.output);
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
    const point = state.pin ? state.pin.point : hover && hover.point;
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
    const room = Math.max(180, card.clientWidth - 32);
    card.replaceChildren(
      ...regionCard(stage, page, { region, point, isPinned: Boolean(state.pin), neuron: state.neuron, room }, {
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
        `${(page.data.length / told.names.length).toLocaleString("en")} points `,
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

  /** Whether the boundaries of a layer are drawn. */
  isShown(layer) {
    return this.state.boundaries && !this.state.hidden.has(layer);
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

  // ------------------------------------------------------------------------------------------------ keys, pointers

  listen() {
    const plot = $("plot");
    new ResizeObserver(() => {
      this.view.resize();
      this.view.draw();
      this.refresh();
    }).observe(plot);
    const place = (event) => {
      const box = plot.getBoundingClientRect();
      return [event.clientX - box.left - this.view.margin.left, event.clientY - box.top - this.view.margin.top];
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
        this.view.drag(px - ox, py - oy, event.shiftKey);
      } else {
        const [qx, qy] = [...down].find(([id]) => id !== event.pointerId)[1];
        this.view.zoom(Math.hypot(px - qx, py - qy) / Math.max(1, Math.hypot(ox - qx, oy - qy)), qx, qy);
      }
      return down.set(event.pointerId, [px, py]);
    });
    const up = (event) => {
      if (!down.delete(event.pointerId)) return;
      plot.classList.remove("moving");
      if (event.type === "pointerup" && travelled < 4 && !down.size) {
        this.point(...place(event));
        if (this.hover.region === -1) this.unpin();
        else this.pinHover();
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
        this.view.zoom(2 ** (-event.deltaY * lines * 0.0025), ...place(event));
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
      await fromAddress(this);
      this.set({});
    });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.setTheme(this.state.theme);
      this.refresh();
    });
  }

  fit() {
    this.view.fit();
    this.set({});
  }

  key(event) {
    const typed = event.target.closest("input, select, textarea");
    if ($("help").open || event.ctrlKey || event.metaKey || event.altKey || (typed && event.key !== "Escape")) return;
    const far = event.shiftKey ? 200 : 50;
    const move = (dx, dy) => () => this.view.drag(dx, dy, event.shiftKey);
    const zoom = (factor) => () => this.view.zoom(factor);
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
        this.hover = this.view.atMiddle();
        this.pinHover();
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
