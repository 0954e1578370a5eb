// rows: softmax or log-softmax of every row of x, one workgroup a row.
//
//     highest = max of the row,  sum = sum of exp(x - highest),
//     y = result(x, highest, sum)
//
// prepended  GROUP: u32, invocations of a workgroup (a power of two)
//            result(x: f32, highest: f32, sum: f32) -> f32
//            binding 0: load_x(i) -> f32, element i of x
// x, y       f32 [rows, length], row-major; x from `offset` on
// dispatch   `rows` workgroups, folded over x and y
// special    NaN or +infinity in a row, or nothing but -infinity: a row of NaN
// source     Milakov & Gimelshein 2018, arXiv:1805.02867: max and sum together

struct Params {
  rows: u32,
  length: u32,
  inner: u32, // 1
  offset: u32,
}

@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const LOWEST = -0x1.fffffep+127f; // WGSL has no literal for -infinity
var<workgroup> parts: array<vec2f, GROUP>;

// (max, sum of exp(x - max)) of two disjoint parts of a row, joined.
fn merge(a: vec2f, b: vec2f) -> vec2f {
  let top = max(a.x, b.x);
  return vec2f(top, a.y * exp(a.x - top) + b.y * exp(b.x - top));
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.rows) { return; } // the same answer in every lane
  let start = row * params.length;
  let first = params.offset + start;
  var part = vec2f(LOWEST, 0.0);
  for (var c = lane; c < params.length; c += GROUP) {
    part = merge(part, vec2f(load_x(first + c), 1.0));
  }
  parts[lane] = part;
  workgroupBarrier();
  for (var stride = GROUP / 2u; stride > 0u; stride /= 2u) {
    if (lane < stride) {
      parts[lane] = merge(parts[lane], parts[lane + stride]);
    }
    workgroupBarrier();
  }
  let all = parts[0];
  for (var c = lane; c < params.length; c += GROUP) {
    y[start + c] = result(load_x(first + c), all.x, all.y);
  }
}
