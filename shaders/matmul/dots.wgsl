// matmul_dots: y[g, i, j] = epilogue(sum over k of a[g, i, k] * b[g, k, j]), one
// output an invocation: for stacks of matrices so small that the tiles of the
// other kernels would be nearly empty, on every adapter.
//
// prepended  BIAS: u32, the epilogue adds bias[j] (1), bias[i] (2) or nothing (0)
//            put(i, x: f32), which writes to y and may do more
// a, b       f32 [batches, m, k] and [batches, k, n], any strides, in elements
// bias       f32 [n] or [m]; any buffer when BIAS is 0
// y          f32 [batches, m, n], contiguous
// dispatch   64 outputs a workgroup, folded over x and y
// special    as IEEE has it: 0 * NaN is NaN, an empty sum is 0

struct Params {
  m: u32, n: u32, k: u32, count: u32, // count = batches * m * n
  a_offset: u32, a_row: u32, a_col: u32, a_batch: u32,
  b_offset: u32, b_row: u32, b_col: u32, b_batch: u32,
  y_offset: u32, bias_offset: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= params.count) { return; }
  let j = index % params.n;
  let i = index / params.n % params.m;
  let batch = index / params.n / params.m;
  var a_at = params.a_offset + batch * params.a_batch + i * params.a_row;
  var b_at = params.b_offset + batch * params.b_batch + j * params.b_col;
  var sum = 0.0;
  for (var k = 0u; k < params.k; k++) {
    sum = fma(a[a_at], b[b_at], sum);
    a_at += params.a_col;
    b_at += params.b_row;
  }
  if (BIAS == 1u) { sum += bias[params.bias_offset + j]; }
  if (BIAS == 2u) { sum += bias[params.bias_offset + i]; }
  put(params.y_offset + index, sum);
}
