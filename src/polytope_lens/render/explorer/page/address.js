// What is looked at, in the address of the page: a bookmark comes back to it.

/** Write colour, view, layers, what is kept, step and theme into the address. */
export function toAddress(app) {
  const { state, page } = app;
  const entries = { color: state.color };
  if (page.told.outputs > 1) entries.output = state.output;
  const view = app.view.toEntry();
  if (view) entries.view = view;
  if (state.hidden.size) entries.hidden = [...state.hidden].sort((a, b) => a - b).join(",");
  if (!state.boundaries) entries.boundaries = 0;
  if (page.data && !state.dots) entries.points = 0;
  if (state.pin) entries.region = [state.pin.region, ...state.pin.point].join(",");
  if (state.neuron !== null) entries.neuron = Object.values(app.stage.network.nameOf(state.neuron)).join(",");
  if (state.step) entries.step = page.told.steps[state.step];
  if (state.theme) entries.theme = state.theme;
  if (state.renderer) entries.renderer = state.renderer;
  app.address = `#${Object.entries(entries)
    .map((pair) => pair.join("="))
    .join("&")}`;
  try {
    history.replaceState(null, "", app.address);
  } catch {
    // Frames of notebooks have no address.
  }
}

/** Take what the address says, as far as there is such a thing. */
export async function fromAddress(app) {
  const given = new URLSearchParams(location.hash.slice(1));
  const { state, page } = app;
  const numbers = (name) => (given.get(name) || "").split(",").map(Number);
  const colors = [...document.querySelectorAll("#color option")].map((option) => option.value);
  if (colors.includes(given.get("color"))) state.color = given.get("color");
  const output = Number(given.get("output") ?? state.output);
  if (Number.isInteger(output) && output >= 0 && output < page.told.outputs) state.output = output;
  const step = page.told.steps.indexOf(Number(given.get("step")));
  if (given.has("step") && step >= 0) {
    state.step = step;
    app.stage = await app.staged(step);
  }
  if (given.has("view")) app.view.fromEntry(numbers("view"));
  state.hidden = new Set(given.has("hidden") ? numbers("hidden").filter((l) => l >= 0 && l < app.layers) : []);
  if (given.has("boundaries")) state.boundaries = given.get("boundaries") !== "0";
  state.dots = given.get("points") !== "0";
  const [region, ...point] = numbers("region");
  if (given.has("region") && Number.isInteger(region) && region >= 0 && region < app.stage.mesh.n) {
    const isPoint = point.length === page.told.names.length && point.every(Number.isFinite);
    app.pin(region, isPoint ? point : undefined);
  }
  const bit = app.stage.network.bitOf(...numbers("neuron"));
  if (given.has("neuron") && bit !== undefined) state.neuron = bit;
  if (["light", "dark"].includes(given.get("theme"))) state.theme = given.get("theme");
  if (["card", "canvas"].includes(given.get("renderer"))) state.renderer = given.get("renderer");
  app.setTheme(state.theme);
  app.syncControls();
}
