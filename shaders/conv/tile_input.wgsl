// conv_tile_input: rows of images cut into overlapping units, each with all the
// inputs of `unit` neighbouring outputs, padded with zeros, in whole vec4: the
// operand of conv_units.
//
// y[n, c, i, s, e] = x[n, c, i - pad_h, min(s * unit, last) + e - pad_w], or 0
// outside the image; `last` is where the last unit of a row begins. Rows that are one
// unit are cut into pieces: units that do not overlap, the last one shorter.
//
// x         f32 [images, channels, height, width], contiguous, from x_offset on, as
//           vec4 of the whole buffer: rows may begin anywhere in one
// y         f32 [images, channels, rows, segments, 4 * vecs], contiguous, as vec4; of
//           a row the first row_vecs
// dispatch  a unit an invocation, folded over x and y

struct Params {
  height: u32, width: u32, rows: u32, segments: u32, vecs: u32,
  unit: u32, last: u32, pad_h: u32, pad_w: u32, units: u32, x_offset: u32,
  row_vecs: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// Elements `shift` to `shift + 3` of two vec4 next to each other.
fn joined(left: vec4f, right: vec4f, shift: u32) -> vec4f {
  let low = select(left, vec4f(left.yzw, right.x), shift == 1u);
  let high = select(vec4f(left.zw, right.xy), vec4f(left.w, right.xyz), shift == 3u);
  return select(low, high, shift >= 2u);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= params.units) { return; }
  let segment = index % params.segments;
  let line = index / params.segments;
  // Rows and columns wrap around below 0; an image's first unit may begin in the
  // row before, and what is loaded there is dropped.
  let row = line % params.rows - params.pad_h;
  let inside = row < params.height;
  let image_row = line / params.rows * params.height + min(row, params.height - 1u);
  var col = min(segment * params.unit, params.last) - params.pad_w;
  let at = params.x_offset + image_row * params.width + col;
  let end = arrayLength(&x) - 1u;
  var quad = bitcast<u32>(bitcast<i32>(at) >> 2u);
  var left = x[min(quad, end)];
  let width = select(0u, params.width, inside);
  let to = line * params.row_vecs + segment * params.vecs;
  let count = min(params.vecs, params.row_vecs - segment * params.vecs);
  for (var v = 0u; v < count; v++) {
    quad++;
    let right = x[min(quad, end)];
    let value = joined(left, right, at & 3u);
    let cols = vec4u(col, col + 1u, col + 2u, col + 3u);
    y[to + v] = select(vec4f(), value, cols < vec4u(width));
    left = right;
    col += 4u;
  }
}
