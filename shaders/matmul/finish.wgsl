// matmul_finish: y[q, i, j] = epilogue(sum over s of x[s, q, i, j]): adds the splits
// of a sum, in order, and drops the columns that filled the last vec4. Of no
// splits the sum is 0.
//
// prepended  BIAS: u32, the epilogue adds bias[j] (1), bias[i] (2) or nothing (0)
//            put(i, x: f32), which writes to y and may do more
// x          f32 [splits, rows / m, m, 4 * n4], contiguous, as vec4
// bias       f32 [n] or [m]; any buffer when BIAS is 0
// y          f32 [rows / m, m, n], contiguous
// dispatch   a vec4 of x an invocation, folded over x and y

struct Params {
  m: u32, n: u32, n4: u32, rows: u32, splits: u32,
  y_offset: u32, bias_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

fn store(value: f32, row: u32, col: u32) {
  if (col >= params.n) { return; }
  var out = value;
  if (BIAS == 1u) { out += bias[params.bias_offset + col]; }
  if (BIAS == 2u) { out += bias[params.bias_offset + row % params.m]; }
  put(params.y_offset + row * params.n + col, out);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  let count = params.rows * params.n4;
  if (index >= count) { return; }
  var sum = vec4f(0.0);
  if (params.splits > 0u) { sum = x[index]; }
  for (var s = 1u; s < params.splits; s++) {
    sum += x[s * count + index];
  }
  let row = index / params.n4;
  let col = 4u * (index % params.n4);
  store(sum.x, row, col);
  store(sum.y, row, col + 1u);
  store(sum.z, row, col + 2u);
  store(sum.w, row, col + 3u);
}
