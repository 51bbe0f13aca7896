// Shapes and edges drawn by the graphics card.

const FILL_VERTEX = `#version 300 es
uniform vec4 move; // scale and shift of x, then of y
in vec2 place;
in vec4 paint;
in float number;
out vec4 color;
out float at;
void main() {
  gl_Position = vec4(place * move.xz + move.yw, 0.0, 1.0);
  color = paint;
  at = number;
}`;
const FILL_FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D scale;
uniform bool byNumber;
in vec4 color;
in float at;
out vec4 result;
void main() {
  result = byNumber ? texture(scale, vec2(at, 0.5)) : color;
}`;
const LINE_VERTEX = `#version 300 es
uniform vec4 move;
uniform vec2 size; // of the picture in pixels
uniform float width;
in vec4 ends;
out float across;
void main() {
  vec2 a = (ends.xy * move.xz + move.yw) * size * 0.5;
  vec2 b = (ends.zw * move.xz + move.yw) * size * 0.5;
  vec2 way = b - a;
  float far = length(way);
  // Four corners of a box around the segment; what is shorter than a pixel is left out.
  float side = float(gl_VertexID & 1) * 2.0 - 1.0;
  vec2 normal = far < 1.0 ? vec2(0.0) : vec2(-way.y, way.x) / far;
  vec2 corner = (gl_VertexID < 2 ? a : b) + normal * side * (width * 0.5 + 1.0);
  across = side * (width * 0.5 + 1.0);
  gl_Position = vec4(corner / (size * 0.5), 0.0, 1.0);
}`;
const LINE_FRAGMENT = `#version 300 es
precision highp float;
uniform vec4 color;
uniform float width;
in float across;
out vec4 result;
void main() {
  float cover = clamp(width * 0.5 + 0.5 - abs(across), 0.0, 1.0) * min(width, 1.0);
  result = vec4(color.rgb, 1.0) * color.a * cover;
}`;

/** A program of two shaders. */
export function linked(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
  return made;
}

/** Name of the graphics card that WebGL draws with; empty where there is none. */
export function cardName() {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return "";
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER) || "unknown";
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return name;
}

export class Card {
  constructor(canvas) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl2", { antialias: true, alpha: true, premultipliedAlpha: true });
    this.filling = linked(this.gl, FILL_VERTEX, FILL_FRAGMENT);
    this.lining = linked(this.gl, LINE_VERTEX, LINE_FRAGMENT);
    this.shapes = this.edges = null;
  }

  buffer(data, target = this.gl.ARRAY_BUFFER) {
    const made = this.gl.createBuffer();
    this.gl.bindBuffer(target, made);
    this.gl.bufferData(target, data, this.gl.STATIC_DRAW);
    return made;
  }

  attribute(program, name, buffer, size, kind, { normal = false, divisor = 0 } = {}) {
    const { gl } = this;
    const at = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, kind, normal, 0, 0);
    gl.vertexAttribDivisor(at, divisor);
  }

  /** Corners in single precision, from -1 to 1 in the domain's box. */
  load(shapes, mesh, edges, [left, bottom, right, top]) {
    this.free();
    const { gl } = this;
    const unit = 1 / Math.max(right - left, top - bottom);
    const origin = [left / 2 + right / 2, bottom / 2 + top / 2];
    const { points, corners, indptr, byPoint, colors, scale } = shapes;
    const n = indptr[indptr.length - 1];
    const place = new Float32Array(2 * n);
    const number = new Float32Array(n);
    const paint = new Uint32Array(n);
    const fans = new Uint32Array(3 * (n - 2 * (indptr.length - 1)));
    let at = 0;
    for (let k = 0; k + 1 < indptr.length; k++) {
      for (let e = indptr[k]; e < indptr[k + 1]; e++) {
        const c = corners ? corners[e] : e;
        place[2 * e] = (points[2 * c] - origin[0]) * unit;
        place[2 * e + 1] = (points[2 * c + 1] - origin[1]) * unit;
        if (byPoint) number[e] = byPoint[c];
        else paint[e] = colors[k];
        if (e > indptr[k] + 1) {
          fans[at++] = indptr[k];
          fans[at++] = e - 1;
          fans[at++] = e;
        }
      }
    }
    this.fill = gl.createVertexArray();
    gl.bindVertexArray(this.fill);
    this.buffers = [this.buffer(place), this.buffer(new Uint8Array(paint.buffer)), this.buffer(number)];
    this.attribute(this.filling, "place", this.buffers[0], 2, gl.FLOAT);
    this.attribute(this.filling, "paint", this.buffers[1], 4, gl.UNSIGNED_BYTE, { normal: true });
    this.attribute(this.filling, "number", this.buffers[2], 1, gl.FLOAT);
    this.buffers.push(this.buffer(fans, gl.ELEMENT_ARRAY_BUFFER));
    this.nFans = at;
    this.byNumber = Boolean(byPoint);
    if (byPoint) {
      this.texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, this.texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, scale.length, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(scale.buffer));
      for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.LINEAR);
      for (const axis of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, axis, gl.CLAMP_TO_EDGE);
    }
    this.lines = edges.map((entries) => {
      const ends = new Float32Array(4 * entries.length);
      entries.forEach((e, i) => {
        [mesh.corners[e], mesh.corners[mesh.next(e)]].forEach((c, k) => {
          ends[4 * i + 2 * k] = (mesh.points[2 * c] - origin[0]) * unit;
          ends[4 * i + 2 * k + 1] = (mesh.points[2 * c + 1] - origin[1]) * unit;
        });
      });
      const array = gl.createVertexArray();
      gl.bindVertexArray(array);
      const buffer = this.buffer(ends);
      this.buffers.push(buffer);
      this.attribute(this.lining, "ends", buffer, 4, gl.FLOAT, { divisor: 1 });
      return { array, count: entries.length };
    });
    gl.bindVertexArray(null);
    Object.assign(this, { shapes, edges, origin, unit });
  }

  free() {
    if (!this.shapes) return;
    for (const buffer of this.buffers) this.gl.deleteBuffer(buffer);
    for (const { array } of this.lines) this.gl.deleteVertexArray(array);
    this.gl.deleteVertexArray(this.fill);
    if (this.texture) this.gl.deleteTexture(this.texture);
    this.texture = this.shapes = null;
  }

  /** Draw what was loaded as a camera sees it; `style(layer)` gives [red, green, blue, opacity] and a width, or null. */
  draw(camera, density, style) {
    const { gl, canvas } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const x = (2 * camera.scale) / camera.width / this.unit;
    const y = (2 * camera.scale * camera.ratio) / camera.height / this.unit;
    const move = [
      x,
      (this.origin[0] - camera.x) * this.unit * x,
      y,
      (this.origin[1] - camera.y) * this.unit * y,
    ];
    gl.useProgram(this.filling);
    gl.uniform4fv(gl.getUniformLocation(this.filling, "move"), move);
    gl.uniform1i(gl.getUniformLocation(this.filling, "byNumber"), this.byNumber ? 1 : 0);
    if (this.texture) gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.bindVertexArray(this.fill);
    gl.drawElements(gl.TRIANGLES, this.nFans, gl.UNSIGNED_INT, 0);
    gl.useProgram(this.lining);
    gl.uniform4fv(gl.getUniformLocation(this.lining, "move"), move);
    gl.uniform2f(gl.getUniformLocation(this.lining, "size"), canvas.width, canvas.height);
    for (let layer = this.lines.length - 1; layer >= 0; layer--) {
      const drawn = style(layer);
      if (!drawn) continue;
      gl.uniform4fv(gl.getUniformLocation(this.lining, "color"), drawn.rgba);
      gl.uniform1f(gl.getUniformLocation(this.lining, "width"), drawn.width * density);
      gl.bindVertexArray(this.lines[layer].array);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.lines[layer].count);
    }
    gl.bindVertexArray(null);
  }
}
