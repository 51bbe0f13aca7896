// What is written beside the picture: the region, the legend, and texts to copy.

import { valueAt } from "./network.js";

export const $ = (id) => document.getElementById(id);

/** An element with properties and children; texts are texts, never markup. */
export function h(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A number with the digits that are certain, at most so many. */
export function certain(value, error = 0, most = 4) {
  if (value === 0 && error === 0) return "0";
  if (!(error < Math.abs(value))) return "≈ 0";
  const sure = error > 0 ? Math.floor(-Math.log10((2 * error) / Math.abs(value))) : most;
  return number(value, Math.max(1, Math.min(most, sure)));
}

/** A number with so many digits, in the way that is shorter. */
export function number(value, digits = 4) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const text =
    size === 0
      ? "0"
      : size >= 1e5 || size < 1e-4
        ? value.toExponential(digits - 1).replace(/\.?0+e/, "e")
        : String(Number(value.toPrecision(digits)));
  return text.replace("-", "−");
}

/** An affine form as terms [sign, size, name], its constant left out where it has no name. */
function terms(form, start, names) {
  return names
    .map((name, k) => [form.value[start + k], form.error[start + k], name])
    .filter(([value, error]) => value !== 0 || error !== 0);
}

function written(form, start, names, product, minus) {
  let text = "";
  for (const [value, error, name] of terms(form, start, names)) {
    const size = certain(Math.abs(value), error, names.length > 2 ? 3 : 4); // as many as the panel is wide
    const sign = value < 0 ? minus : "+";
    text += (text ? ` ${sign} ` : value < 0 ? minus : "") + product(size, name);
  }
  return text || "0";
}

const plain = (size, name) => `${size} ${name}`;
const latex = (size, name) => {
  const [digits, power] = size.replace("−", "-").replace("≈ ", "").split("e");
  return `${digits}${power ? ` \\cdot 10^{${Number(power)}}` : ""}\\,${name.replace(/(\d+)$/, "_{$1}")}`;
};

/** A row a x + b y + c <= 0 as text: the terms, and what they are at most. */
export function rowText(rows, k, names) {
  const d = names.length;
  const at = (d + 1) * k;
  return `${written(rows, at, names, plain, "−")} ≤ ${certain(0 - rows.value[at + d], rows.error[at + d])}`;
}

/** The value of an output on a region as a function of the input. */
export function mapText(maps, output, names) {
  const d = names.length;
  const at = (d + 1) * output;
  const [c, e] = [maps.value[at + d], maps.error[at + d]];
  const text = written(maps, at, names, plain, "−");
  if (c === 0 && e === 0) return text;
  const rest = `${c < 0 ? "−" : "+"} ${certain(Math.abs(c), e)}`;
  return text === "0" ? rest.replace(/^\+ /, "").replace("− ", "−") : `${text} ${rest}`;
}

export function ownerText(network, owner, sides) {
  if (owner < 0) return `domain, row ${sides[-1 - owner]}`;
  const { layer, neuron } = network.nameOf(owner);
  return `layer ${layer}, neuron ${neuron}`;
}

/** The inequalities of a region for a paper. */
export function latexOf(stage, region, names) {
  const { locator, mesh, network, frame } = stage;
  const { rows, facets } = locator.affineOf(region);
  const d = names.length;
  const lines = facets.map((facet, k) => {
    const at = (d + 1) * k;
    const right = certain(0 - rows.value[at + d], rows.error[at + d]);
    const left = written(rows, at, names, latex, "-");
    const owner = ownerText(network, mesh.owners[facet], frame.told.sides);
    return `  ${left} &\\le ${latex(right, "").replace("\\,", "")} && \\text{${owner}}`;
  });
  return `\\begin{aligned}\n${lines.join(" \\\\\n")}\n\\end{aligned}`;
}

/** Put a text on the clipboard; pages in frames may not be allowed to, and then the old way is tried. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { value: text });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export function legendOf(legend) {
  if (!legend) return h("p", { className: "note" }, "A colour for each pattern; neighbours differ in lightness.");
  if (legend.swatches)
    return h(
      "div",
      { className: "list" },
      ...legend.swatches.map(([text, color]) => h("span", {}, swatch(color), text)),
    );
  const stops = Array.from({ length: 17 }, (_, i) => {
    const k = 3 * Math.round((255 * i) / 16);
    return `rgb(${legend.scale.subarray(k, k + 3).join(" ")})`;
  });
  const middle = legend.back ? legend.back(0.5) : (legend.low + legend.high) / 2;
  const bar = h("div", { className: "bar" });
  bar.style.background = `linear-gradient(to right, ${stops.join(",")})`;
  return h(
    "div",
    { title: legend.text },
    bar,
    h("div", { className: "ends" }, ...[legend.low, middle, legend.high].map((v) => h("span", {}, number(v, 3)))),
    legend.none ? h("div", { className: "list" }, h("span", {}, swatch([222, 222, 222]), "no points")) : null,
  );
}

export function swatch([r, g, b]) {
  const made = h("span", { className: "swatch" });
  made.style.background = `rgb(${r} ${g} ${b})`;
  return made;
}

const CELL = 10;
const ROOM = 30; // for the number of the layer

/** The pattern as a picture, a row for each layer: filled where a neuron is on. */
function patternPicture(network, bits, chosen, width, onNeuron) {
  const across = Math.max(1, Math.floor((width - ROOM) / CELL));
  const cells = [];
  let y = 0;
  const labels = [];
  for (let l = 0; l + 1 < network.bitStarts.length; l++) {
    const n = network.bitStarts[l + 1] - network.bitStarts[l];
    if (!n) continue;
    labels.push([l - network.hidden, y]);
    for (let j = 0; j < n; j++) {
      if (j && j % across === 0) y += CELL;
      cells.push([ROOM + (j % across) * CELL, y, network.bitStarts[l] + j]);
    }
    y += CELL + 4;
  }
  const density = window.devicePixelRatio || 1;
  const canvas = h("canvas", {
    className: "pattern",
    width: width * density,
    height: y * density,
    role: "img",
    "aria-label": `Pattern: ${[...bits].join("")}`,
  });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${y}px`;
  const context = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  context.scale(density, density);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.fillStyle = style.getPropertyValue("--soft");
  for (const [layer, top] of labels) context.fillText(String(layer), 2, top + CELL / 2);
  for (const [x, top, bit] of cells) {
    context.strokeStyle = style.getPropertyValue("--soft");
    context.fillStyle = style.getPropertyValue("--ink");
    context.strokeRect(x + 0.5, top + 0.5, CELL - 3, CELL - 3);
    if (bits[bit]) context.fillRect(x + 0.5, top + 0.5, CELL - 3, CELL - 3);
    if (bit === chosen) {
      context.lineWidth = 2;
      context.strokeStyle = style.getPropertyValue("--accent");
      context.strokeRect(x - 0.5, top - 0.5, CELL - 1, CELL - 1);
      context.lineWidth = 1;
    }
  }
  const under = (event) => {
    const cell = cells.find(([x, top]) => event.offsetX >= x - 1 && event.offsetX < x + CELL - 1 && event.offsetY >= top - 1 && event.offsetY < top + CELL - 1);
    return cell && cell[2];
  };
  canvas.addEventListener("mousemove", (event) => {
    const bit = under(event);
    const { layer, neuron } = bit === undefined ? {} : network.nameOf(bit);
    canvas.title = bit === undefined ? "" : `layer ${layer}, neuron ${neuron}: ${bits[bit] ? "on" : "off"}`;
  });
  canvas.addEventListener("click", (event) => {
    const bit = under(event);
    if (bit !== undefined) onNeuron(bit);
  });
  return canvas;
}

const MOST_MAPS = 12;

/** All about a region. `actions` has what its buttons do: pin(region), neuron(bit), say(text), unpin(). */
export function regionCard(stage, page, { region, point, isPinned, neuron, room }, actions) {
  const { mesh, locator, network, frame } = stage;
  const { rows, maps, bits, facets } = locator.affineOf(region);
  const names = page.told.names;
  const width = names.length + 1;
  const slopeOf = (output) => Math.hypot(...maps.value.subarray(width * output, width * output + names.length));
  const python = `${frame.told.python}[${region}]`;
  const copied = (text, what) => async () => actions.say((await copy(text)) ? `${what} copied` : "not allowed to copy here");
  const [measure, size] = mesh.size(region);
  const facts = [[measure, number(size, 5)]];
  if (point) facts.unshift(["at", point.map((v) => number(v, 6)).join(", ")]);
  if (frame.ages) facts.push(["age", `${frame.ages[region]} updates`]);
  if (frame.counts)
    facts.push(["points", frame.counts[region] ? `${frame.counts[region]}, purity ${number(frame.purities[region], 3)}` : "none"]);
  const inequalities = facets.map((facet, k) => {
    const owner = mesh.owners[facet];
    const beside = mesh.across(region, facet);
    const text = ownerText(network, owner, frame.told.sides);
    const color = owner < 0 ? null : swatch(page.layer_colors.subarray(3 * network.nameOf(owner).layer, 3 * network.nameOf(owner).layer + 3));
    return h(
      "tr",
      {},
      h("td", { className: "row" }, rowText(rows, k, names)),
      h("td", {}, owner < 0 ? text : h("button", { type: "button", title: "Show where this neuron is zero", onclick: () => actions.neuron(owner) }, color, text.replace("layer ", "").replace(" neuron", ""))),
      h("td", {}, beside < 0 ? "" : h("button", { type: "button", title: "Go to this neighbour", onclick: () => actions.pin(beside) }, String(beside))),
    );
  });
  const shown = Math.min(page.told.outputs, MOST_MAPS);
  const formulas = Array.from({ length: shown }, (_, k) => {
    const at = point ? valueAt(maps, width * k, point) : null;
    return h(
      "div",
      { className: "formula", title: `norm of the gradient ${number(slopeOf(k))}` },
      `${page.told.outputs > 1 ? `${k}: ` : ""}${mapText(maps, k, names)}${at ? `  = ${certain(at.value, at.error, 6)}` : ""}`,
    );
  });
  return [
    h("div", { className: "head" }, h("h2", {}, `Region ${region}`), isPinned ? h("span", { className: "mark" }, "kept") : null),
    h(
      "div",
      { className: "actions" },
      h("button", { type: "button", title: python, onclick: copied(python, python) }, "Copy Python"),
      h("button", { type: "button", onclick: copied(latexOf(stage, region, names), "LaTeX") }, "Copy LaTeX"),
      isPinned ? h("button", { type: "button", title: "Esc", onclick: actions.unpin }, "Let go") : null,
    ),
    h("dl", { className: "facts" }, ...facts.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)])),
    h("h3", {}, page.told.outputs > 1 ? "Affine map" : `Affine map, gradient ${number(slopeOf(0))}`),
    ...formulas,
    shown < page.told.outputs ? h("p", { className: "note" }, `and ${page.told.outputs - shown} outputs more`) : null,
    h("h3", {}, `${facets.length} inequalities`),
    h("div", { className: "wide" }, h("table", {}, h("thead", {}, h("tr", {}, ...["", "neuron", "across"].map((text) => h("th", {}, text)))), h("tbody", {}, ...inequalities))),
    h("h3", {}, "Pattern, by layer"),
    patternPicture(network, bits, neuron, room, actions.neuron),
  ].filter(Boolean);
}
