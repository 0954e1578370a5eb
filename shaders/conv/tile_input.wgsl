// conv_tile_input: rows of images cut into overlapping units, each with all the
// inputs of `unit` neighbouring outputs, padded with zeros, in whole vec4: the
// operand of conv_units.
//
// y[n, c, i, s, e] = x[n, c, i - pad_h, min(s * unit, last) + e - pad_w], or 0
// outside the image; `last` is where the last unit of a row begins
//
// x         f32 [images, channels, height, width], contiguous
// y         f32 [images, channels, rows, segments, 4 * vecs], contiguous, as vec4
// dispatch  a unit an invocation, folded over x and y: divisions are what costs
//           most, and a unit needs them once

struct Params {
  height: u32, width: u32, rows: u32, segments: u32, vecs: u32,
  unit: u32, last: u32, pad_h: u32, pad_w: u32, units: u32, x_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// A column left of the image is a huge number, and so right of it.
fn load(line: u32, inside: bool, col: u32) -> f32 {
  let value = x[line + min(col, params.width - 1u)];
  return select(0.0, value, inside && col < params.width);
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
  // rows and columns wrap around below 0
  let row = line % params.rows - params.pad_h;
  let inside = row < params.height;
  let image_row = line / params.rows * params.height + min(row, params.height - 1u);
  let at = params.x_offset + image_row * params.width;
  var col = min(segment * params.unit, params.last) - params.pad_w;
  for (var v = 0u; v < params.vecs; v++) {
    y[index * params.vecs + v] = vec4f(
      load(at, inside, col),
      load(at, inside, col + 1u),
      load(at, inside, col + 2u),
      load(at, inside, col + 3u),
    );
    col += 4u;
  }
}
