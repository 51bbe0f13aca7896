// Arrays that the page carries along: see payload.py, which packs them.

const KINDS = { u1: Uint8Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };

/** What payload.py packed into a text: an object with `told`, and an array under each name. */
export async function unpacked(text) {
  const squeezed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([squeezed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const content = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(content.buffer).getInt32(0, true);
  const header = JSON.parse(new TextDecoder().decode(content.subarray(4, 4 + length)));
  const found = { told: header.told, shapes: {} };
  let start = 4 + length;
  for (const [name, kind, shape, isSummed] of header.arrays) {
    const numbers = new KINDS[kind](shape.reduce((a, b) => a * b, 1));
    const width = numbers.BYTES_PER_ELEMENT;
    const bytes = new Uint8Array(numbers.buffer);
    // Little-endian, as are all machines that browsers run on.
    for (let k = 0; k < width; k++)
      for (let i = k; i < bytes.length; i += width) bytes[i] = content[start++];
    if (isSummed) for (let i = 1; i < numbers.length; i++) numbers[i] += numbers[i - 1];
    found[name] = numbers;
    found.shapes[name] = shape;
  }
  return found;
}
