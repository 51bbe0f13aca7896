// Where one looks: world coordinates to pixels and back, in float64.

/** A view of the plane: the middle, and pixels for each unit. */
export class Camera {
  /** `box` is [left, bottom, right, top] of the domain. */
  constructor(box) {
    this.box = box;
    const [width, height] = [box[2] - box[0], box[3] - box[1]];
    // Long strips are shown with different scales.
    const ratio = width / height;
    this.ratio = ratio > 8 || ratio < 1 / 8 ? ratio : 1; // scale of y, relative to that of x
    [this.width, this.height] = [1, 1];
    this.fit();
  }

  /** Set the size of the picture in pixels. */
  resize(width, height) {
    const wasFitted = this.isFitted;
    [this.width, this.height] = [width, height];
    if (wasFitted) this.fit();
  }

  /** Show the whole domain. */
  fit() {
    const [left, bottom, right, top] = this.box;
    this.x = left / 2 + right / 2;
    this.y = bottom / 2 + top / 2;
    this.scale = Math.min(this.width / (right - left), this.height / ((top - bottom) * this.ratio));
    this.isFitted = true;
  }

  /** Show a box, with some room around it. */
  show([left, bottom, right, top], room = 4) {
    this.x = left / 2 + right / 2;
    this.y = bottom / 2 + top / 2;
    const scale = Math.min(this.width / (right - left), this.height / ((top - bottom) * this.ratio)) / room;
    this.setScale(scale);
  }

  setScale(scale) {
    const least = Math.min(this.width / (this.box[2] - this.box[0]), this.height / ((this.box[3] - this.box[1]) * this.ratio)) / 4;
    const size = Math.max(Math.abs(this.x), Math.abs(this.y) * this.ratio, Number.MIN_VALUE);
    // Nearer than this, floats are apart by a pixel.
    const most = 2 ** 49 / size;
    this.scale = Math.min(Math.max(scale, least), Math.max(most, least));
    this.isFitted = false;
  }

  /** [sx, tx, sy, ty]: pixel = s * world + t. */
  transform(density = 1) {
    const sx = this.scale * density;
    const sy = -this.scale * this.ratio * density;
    return [sx, (this.width * density) / 2 - sx * this.x, sy, (this.height * density) / 2 - sy * this.y];
  }

  toScreen(x, y) {
    return [
      this.width / 2 + (x - this.x) * this.scale,
      this.height / 2 - (y - this.y) * this.scale * this.ratio,
    ];
  }

  toWorld(px, py) {
    return [
      this.x + (px - this.width / 2) / this.scale,
      this.y - (py - this.height / 2) / (this.scale * this.ratio),
    ];
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / (this.scale * this.ratio);
    const [left, bottom, right, top] = this.box;
    this.x = Math.min(Math.max(this.x, left), right);
    this.y = Math.min(Math.max(this.y, bottom), top);
    this.isFitted = false;
  }

  /** Zoom by a factor about a pixel, which keeps its place. */
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const [x, y] = this.toWorld(px, py);
    this.setScale(this.scale * factor);
    this.x = x - (px - this.width / 2) / this.scale;
    this.y = y + (py - this.height / 2) / (this.scale * this.ratio);
    this.pan(0, 0);
  }

  /** [left, bottom, right, top] of what is in view. */
  view() {
    const [left, top] = this.toWorld(0, 0);
    const [right, bottom] = this.toWorld(this.width, this.height);
    return [left, bottom, right, top];
  }

  holdsAll() {
    const [left, bottom, right, top] = this.view();
    return left <= this.box[0] && bottom <= this.box[1] && right >= this.box[2] && top >= this.box[3];
  }

  copy() {
    return Object.assign(Object.create(Camera.prototype), this);
  }
}

/** Round numbers between two ends, some five of them, as numbers and as texts. */
export function ticks(low, high, most = 6) {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw);
  if (!(step > 0) || !Number.isFinite(step)) return [];
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) {
    const value = k * step;
    const size = Math.max(Math.abs(low), Math.abs(high));
    const wide = digits > 12 || size >= 1e6 || size < 1e-3;
    const text = wide ? value.toExponential(Math.min(15, Math.max(0, Math.round(Math.log10(size / step))))) : value.toFixed(digits);
    found.push([value, k === 0 ? "0" : text.replace("-", "\u2212")]);
  }
  return found;
}
