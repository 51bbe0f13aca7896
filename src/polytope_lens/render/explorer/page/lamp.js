// Polygons in space drawn by WebGL, under a lamp at the eye; edges as lines.

import { linked } from "./webgl.js";

const SOLID_VERTEX = `#version 300 es
uniform mat4 move;
in vec3 place;
in vec3 normal;
in vec4 paint;
in float number;
out vec3 facing;
out vec4 color;
out float at;
void main() {
  gl_Position = move * vec4(place, 1.0);
  facing = normal;
  color = paint;
  at = number;
}`;
const SOLID_FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D scale;
uniform bool byNumber;
uniform float opacity;
uniform float shade; // how much darker what is seen from the side
uniform vec3 eye; // the direction towards it
in vec3 facing;
in vec4 color;
in float at;
out vec4 result;
void main() {
  vec3 found = byNumber ? texture(scale, vec2(at, 0.5)).rgb : color.rgb;
  found *= 1.0 - shade * (1.0 - abs(dot(normalize(facing), eye)));
  result = vec4(found, 1.0) * opacity;
}`;
const EDGE_VERTEX = `#version 300 es
uniform mat4 move;
in vec3 place;
in vec4 paint;
out vec4 color;
void main() {
  gl_Position = move * vec4(place, 1.0);
  color = paint;
}`;
const EDGE_FRAGMENT = `#version 300 es
precision highp float;
in vec4 color;
out vec4 result;
void main() {
  result = color;
}`;

export class Lamp {
  constructor(canvas, isSmooth) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl2", { antialias: isSmooth, alpha: true, premultipliedAlpha: true });
    if (!this.gl) throw new Error("it needs WebGL 2, which this browser does not have, or has turned off.");
    this.solid = linked(this.gl, SOLID_VERTEX, SOLID_FRAGMENT);
    this.edge = linked(this.gl, EDGE_VERTEX, EDGE_FRAGMENT);
    this.buffers = [];
  }

  /** An array of attributes by name: numbers, how many of them each, and whether they are bytes of colours. */
  array(program, parts) {
    const { gl } = this;
    const made = gl.createVertexArray();
    gl.bindVertexArray(made);
    for (const [name, data, size, isColor] of parts) {
      const at = gl.getAttribLocation(program, name);
      const buffer = gl.createBuffer();
      this.buffers.push(buffer);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, size, isColor ? gl.UNSIGNED_BYTE : gl.FLOAT, Boolean(isColor), 0, 0);
    }
    gl.bindVertexArray(null);
    return made;
  }

  /** Triangles of rings. */
  triangles(pieces) {
    const n = pieces.reduce((sum, { ring }) => sum + 3 * (ring.length - 2), 0);
    const [place, normal, paint, value] = [new Float32Array(3 * n), new Float32Array(3 * n), new Uint32Array(n), new Float32Array(n)];
    let i = 0;
    for (const { ring, paint: color } of pieces) {
      const across = normalOf(ring);
      for (let k = 1; k + 1 < ring.length; k++)
        for (const corner of [ring[0], ring[k], ring[k + 1]]) {
          place.set(corner.at, 3 * i);
          normal.set(across, 3 * i);
          paint[i] = color;
          value[i++] = corner.f[0] || 0;
        }
    }
    const array = this.array(this.solid, [
      ["place", place, 3],
      ["normal", normal, 3],
      ["paint", new Uint8Array(paint.buffer), 4, true],
      ["number", value, 1],
    ]);
    return { array, n };
  }

  /** Edges of rings whose owners have a colour. */
  lines(pieces, color) {
    const [place, paint] = [[], []];
    for (const { ring } of pieces)
      ring.forEach((corner, k) => {
        const found = color(corner.owner);
        if (found === null) return;
        place.push(...corner.at, ...ring[(k + 1) % ring.length].at);
        paint.push(found, found);
      });
    const array = this.array(this.edge, [
      ["place", Float32Array.from(place), 3],
      ["paint", new Uint8Array(Uint32Array.from(paint).buffer), 4, true],
    ]);
    return { array, n: paint.length };
  }

  /** Take what is to be drawn: rings with a paint or a number for the scale, and those of a surface inside. */
  load(shapes, pieces, surface, edgeColor) {
    const { gl } = this;
    for (const buffer of this.buffers) gl.deleteBuffer(buffer);
    for (const part of [this.faces, this.inside, this.edges]) if (part) gl.deleteVertexArray(part.array);
    this.buffers = [];
    this.faces = this.triangles(pieces);
    this.inside = this.triangles(surface);
    this.edges = this.lines(pieces, edgeColor);
    this.byNumber = Boolean(shapes.byPoint);
    if (!this.byNumber) return;
    this.texture = this.texture || gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, shapes.scale.length, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(shapes.scale.buffer));
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.LINEAR);
    for (const axis of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, axis, gl.CLAMP_TO_EDGE);
  }

  /** Draw what was loaded. `turned` takes world coordinates to the right, up and towards the eye. */
  draw(matrix, turned, isOpen) {
    const { gl, canvas } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.enable(gl.POLYGON_OFFSET_FILL);
    gl.polygonOffset(2, 2);
    gl.useProgram(this.solid);
    gl.uniformMatrix4fv(gl.getUniformLocation(this.solid, "move"), false, matrix);
    const zero = turned([0, 0, 0]);
    const eye = [0, 1, 2].map((k) => turned([0, 1, 2].map((i) => Number(i === k)))[2] - zero[2]);
    const far = Math.hypot(...eye);
    gl.uniform3fv(gl.getUniformLocation(this.solid, "eye"), eye.map((v) => v / far));
    const solids = (part, byNumber, opacity, shade) => {
      gl.uniform1i(gl.getUniformLocation(this.solid, "byNumber"), byNumber ? 1 : 0);
      gl.uniform1f(gl.getUniformLocation(this.solid, "opacity"), opacity);
      gl.uniform1f(gl.getUniformLocation(this.solid, "shade"), shade);
      gl.bindVertexArray(part.array);
      gl.drawArrays(gl.TRIANGLES, 0, part.n);
    };
    if (this.texture) gl.bindTexture(gl.TEXTURE_2D, this.texture);
    solids(this.inside, false, 1, 0.4);
    // Nothing cut open: the sides are glass, so that the surface inside is seen.
    gl.depthMask(!isOpen);
    solids(this.faces, this.byNumber, isOpen ? 0.14 : 1, 0.12);
    gl.depthMask(true);
    gl.useProgram(this.edge);
    gl.uniformMatrix4fv(gl.getUniformLocation(this.edge, "move"), false, matrix);
    gl.bindVertexArray(this.edges.array);
    gl.drawArrays(gl.LINES, 0, this.edges.n);
    gl.bindVertexArray(null);
  }
}

/** A direction across a flat ring: the sum over its triangles. */
function normalOf(ring) {
  const found = [0, 0, 0];
  ring.forEach(({ at: p }, i) => {
    const q = ring[(i + 1) % ring.length].at;
    for (let k = 0; k < 3; k++) {
      const [a, b] = [(k + 1) % 3, (k + 2) % 3];
      found[k] += (p[a] - ring[0].at[a]) * (q[b] - ring[0].at[b]) - (p[b] - ring[0].at[b]) * (q[a] - ring[0].at[a]);
    }
  });
  return found;
}
