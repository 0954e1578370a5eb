// rows: every row of x with mean 0 and variance 1, scaled and shifted element by
// element: layer norm.
//
//     y = (x - mean) * rstd * weight + bias,  rstd = 1 / sqrt(m2 / length + eps)
//
// prepended  GROUP, LANES, S = f32 and their functions (lib/lanes.wgsl); a run is
//            ROWS: u32, neighbouring rows
//            WIDTH: u32, elements of a V; V: f32 or vec4f; total(V) -> f32
//            weight_at(j: u32) -> V, bias_at likewise: those of the V number j
// x, y       [rows, length] of V, row-major; x from `offset` on
// stats      f32 [2, rows]: mean, then rstd
// dispatch   LANES invocations for every ROWS rows, folded over x and y
// special    NaN or infinity in a row: a row of NaN
// geometry   A row is read three times and written once: the first pass brings
//            it into the cache. A GPU takes a row by many lanes; a CPU adapter,
//            which pays for loads, takes several rows by one, which share those
//            of weight and bias ([8192, 256]: 1 row 3.7 ms, 8 rows 2.8).

struct Params {
  rows: u32,
  length: u32,
  eps: f32,
  offset: u32,
  weight_offset: u32,
  bias_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<V>;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = lane_of(local);
  let length = params.length;
  let count = f32(length * WIDTH);
  let top = run_of(group, groups, local) * ROWS;
  var first: array<u32, ROWS>;
  var sum: array<V, ROWS>;
  for (var r = 0u; r < ROWS; r++) {
    // past the end the last row is summed again: no lane may miss a barrier
    first[r] = min(top + r, params.rows - 1u) * length;
    sum[r] = V(0.0);
  }
  for (var j = lane; j < length; j += LANES) {
    for (var r = 0u; r < ROWS; r++) { sum[r] += x[params.offset + first[r] + j]; }
  }
  var mean: array<f32, ROWS>;
  for (var r = 0u; r < ROWS; r++) {
    mean[r] = across(total(sum[r]), local) / count;
    sum[r] = V(0.0);
  }
  for (var j = lane; j < length; j += LANES) {
    for (var r = 0u; r < ROWS; r++) {
      let deviation = x[params.offset + first[r] + j] - mean[r];
      sum[r] += deviation * deviation;
    }
  }
  var rstd: array<f32, ROWS>;
  for (var r = 0u; r < ROWS; r++) {
    let m2 = across(total(sum[r]), local);
    rstd[r] = 1.0 / sqrt(m2 / count + params.eps);
  }
  if (top >= params.rows) { return; } // guard; there are no more barriers
  for (var j = lane; j < length; j += LANES) {
    let weight = weight_at(j);
    let bias = bias_at(j);
    for (var r = 0u; r < ROWS; r++) {
      // past the end the last row is written again, with the same values
      y[first[r] + j] = (x[params.offset + first[r] + j] - mean[r]) * rstd[r] *
          weight + bias;
    }
  }
  if (lane > 0u) { return; } // guard
  for (var r = 0u; r < ROWS; r++) {
    let row = min(top + r, params.rows - 1u);
    stats[row] = mean[r];
    stats[params.rows + row] = rstd[r];
  }
}
