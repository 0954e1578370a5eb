// conv_tile_input: rows of images cut into overlapping units, each with all the
// inputs of `unit` neighbouring outputs, padded with zeros, in whole vec4: the
// operand of conv_units.
//
// y[n, c, i, s, e] = x[n, c, i - pad_h, min(s * unit, last) + e - pad_w], or 0
// outside the image; `last` is where the last unit of a row begins
//
// x         f32 [images, channels, height, width], contiguous
// y         f32 [images, channels, rows, segments, 4 * vecs], contiguous, as vec4
// dispatch  a vec4 of y an invocation, folded over x and y

struct Params {
  height: i32, width: i32, rows: u32, segments: u32, vecs: u32,
  unit: u32, last: u32, pad_h: i32, pad_w: i32, count: u32, x_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

fn load(base: u32, row: i32, col: i32) -> f32 {
  let inside = row >= 0 && row < params.height && col >= 0 && col < params.width;
  let at = clamp(row, 0, params.height - 1) * params.width + clamp(col, 0, params.width - 1);
  return select(0.0, x[base + u32(at)], inside);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= params.count) { return; }
  let unit = index / params.vecs;
  let segment = unit % params.segments;
  let line = unit / params.segments;
  let row = i32(line % params.rows) - params.pad_h;
  let first = min(segment * params.unit, params.last) + index % params.vecs * 4u;
  let col = i32(first) - params.pad_w;
  let base = params.x_offset + line / params.rows * u32(params.height * params.width);
  y[index] = vec4f(
    load(base, row, col),
    load(base, row, col + 1),
    load(base, row, col + 2),
    load(base, row, col + 3),
  );
}
