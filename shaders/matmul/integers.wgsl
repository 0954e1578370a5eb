// matmul_integers: y[p, g, i, j] = sum of a[g, i, k] * b[g, k, j] over the k of
// part p, one output an invocation. Products and sums wrap around.
//
// a, b       i32 [batches, m, k] and [batches, k, n], any strides, in elements
// y          i32 [parts, batches, m, n], contiguous; part p has the `run` terms
//            from p * run on, the last one those that are left
// dispatch   64 outputs a workgroup, folded over x and y
// special    an empty sum is 0

struct Params {
  m: u32, n: u32, k: u32, batches: u32,
  run: u32, count: u32, // count = parts * batches * m * n
  a_offset: u32, a_row: u32, a_col: u32, a_batch: u32,
  b_offset: u32, b_row: u32, b_col: u32, b_batch: u32,
}

@group(0) @binding(0) var<storage, read> a: array<i32>;
@group(0) @binding(1) var<storage, read> b: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= params.count) { return; } // guard
  let j = index % params.n;
  let i = index / params.n % params.m;
  let outer = index / params.n / params.m;
  let batch = outer % params.batches;
  let first = outer / params.batches * params.run;
  let terms = min(params.run, params.k - min(first, params.k));
  var a_at = params.a_offset + batch * params.a_batch + i * params.a_row +
    first * params.a_col;
  var b_at = params.b_offset + batch * params.b_batch + j * params.b_col +
    first * params.b_row;
  var sum = 0;
  for (var k = 0u; k < terms; k++) {
    sum += a[a_at] * b[b_at];
    a_at += params.a_col;
    b_at += params.b_row;
  }
  y[index] = sum;
}
