// rows: every row of x with mean 0 and variance 1, scaled and shifted.
//
//     y = (x - mean) * rstd * weight + bias,  rstd = 1 / sqrt(m2 / length + eps)
//
// prepended  GROUP: u32, invocations of a workgroup (a power of two)
//            LANES: u32, invocations that share a row (divides GROUP)
//            WIDTH: u32, elements of a V; V: f32 or vec4f; total(V) -> f32
//            weight_at(row: u32, j: u32) -> V, bias_at likewise: those of the
//            V number j of a row
// x, y       [rows, length] of V, row-major; x from `offset` on
// stats      f32 [2, rows]: mean, then rstd
// dispatch   rows * LANES invocations, folded over x and y
// special    NaN or infinity in a row: a row of NaN
// geometry   A row is read three times and written once: the first pass brings
//            it into the cache. A GPU takes a row by many lanes, a CPU adapter
//            by one.

struct Params {
  rows: u32,
  length: u32,
  eps: f32,
  offset: u32,
  weight_offset: u32,
  bias_offset: u32,
  groups: u32, // of an image, where weights belong to channels
  channels: u32, // of a group
  inner: u32, // V of a channel
}

@group(0) @binding(0) var<storage, read> x: array<V>;

var<workgroup> cells: array<f32, GROUP>;

// The sum of `value` over the lanes of a row, in all of them.
fn across(value: f32, local: u32) -> f32 {
  if (LANES == 1u) { return value; }
  cells[local] = value;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (local % LANES < stride) { cells[local] += cells[local + stride]; }
    workgroupBarrier();
  }
  let sum = cells[local - local % LANES];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % LANES;
  let run = (group.y * groups.x + group.x) * (GROUP / LANES) + local / LANES;
  // beyond the end the last row is summed again: no lane may miss a barrier
  let row = min(run, params.rows - 1u);
  let first = params.offset + row * params.length;
  let count = f32(params.length * WIDTH);
  var sum = V(0.0);
  for (var j = lane; j < params.length; j += LANES) { sum += x[first + j]; }
  let mean = across(total(sum), local) / count;
  var squares = V(0.0);
  for (var j = lane; j < params.length; j += LANES) {
    let deviation = x[first + j] - mean;
    squares += deviation * deviation;
  }
  let m2 = across(total(squares), local);
  let rstd = 1.0 / sqrt(m2 / count + params.eps);
  if (run >= params.rows) { return; } // guard; there are no more barriers
  for (var j = lane; j < params.length; j += LANES) {
    y[row * params.length + j] = (x[first + j] - mean) * rstd *
        weight_at(row, j) + bias_at(row, j);
  }
  if (lane == 0u) {
    stats[row] = mean;
    stats[params.rows + row] = rstd;
  }
}
