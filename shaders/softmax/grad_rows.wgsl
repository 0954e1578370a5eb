// grad_rows: gradient of softmax or log-softmax, one workgroup a row.
//
//     sum = sum of term(dy, y),  dx = result(dy, y, sum)
//
// prepended  GROUP, LANES = GROUP, S = f32 and their functions (lib/lanes.wgsl); a
//            run is a row
//            term(dy: f32, y: f32) -> f32
//            result(dy: f32, y: f32, sum: f32) -> f32
// dy, y, dx  f32 [rows, length], row-major; dy and y from their offsets on
// dispatch   `rows` workgroups, folded over x and y

struct Params {
  rows: u32,
  length: u32,
  inner: u32, // 1
  dy_offset: u32,
  y_offset: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.rows) { return; } // the same answer in every lane
  let start = row * params.length;
  let first_dy = params.dy_offset + start;
  let first_y = params.y_offset + start;
  var part = 0.0;
  for (var c = lane; c < params.length; c += GROUP) {
    part += term(dy[first_dy + c], y[first_y + c]);
  }
  let sum = across(part, lane);
  for (var c = lane; c < params.length; c += GROUP) {
    dx[start + c] = result(dy[first_dy + c], y[first_y + c], sum);
  }
}
