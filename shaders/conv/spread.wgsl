// conv_spread: images with zeros between their rows and columns, in which a strided
// convolution's gradient to its input is a plain convolution.
//
// y[n, c, UP * i, UP * j] = x[n, c, i, j], and 0 elsewhere
//
// prepended  UP: u32, from one row or column to the next, in rows or columns of y
// x          f32 [planes, in_height, in_width], contiguous
// y          f32 [planes, height, 4 * vecs], contiguous, as vec4
// dispatch   8 invocations a workgroup along x, one a vec4 of a row of y, from top to
//            bottom of a strip; planes along y, 8 each; strips along z

struct Params {
  planes: u32, in_height: u32, in_width: u32, height: u32, vecs: u32, x_offset: u32,
  strip_rows: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

fn load(line: u32, col: u32) -> f32 {
  let j = col / UP;
  let inside = j * UP == col && j < params.in_width;
  return select(0.0, x[line + min(j, params.in_width - 1u)], inside);
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let vec = group.x * 8u + lane;
  if (vec >= params.vecs) { return; }
  let end = min(8u * group.y + 8u, params.planes);
  let first = group.z * params.strip_rows;
  let last = min(first + params.strip_rows, params.height);
  for (var plane = 8u * group.y; plane < end; plane++) {
    for (var i = first; i < last; i++) {
      let row = i / UP;
      let line = params.x_offset + (plane * params.in_height + row) * params.in_width;
      // written out: naga gives variables of a loop their zeros but once
      var value = vec4f();
      if (row * UP == i) {
        value = vec4f(
          load(line, 4u * vec),
          load(line, 4u * vec + 1u),
          load(line, 4u * vec + 2u),
          load(line, 4u * vec + 3u),
        );
      }
      y[(plane * params.height + i) * params.vecs + vec] = value;
    }
  }
}
