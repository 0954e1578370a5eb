// row_grads: gradient of rows.wgsl: dx, and what each block of rows adds to the
// gradients of weight and bias.
//
//     g = dy * weight,  xn = (x - mean) * rstd
//     dx = rstd * (g - mean of g - xn * mean of (g * xn))
//     partial = (sum of dy, sum of dy * xn) over the rows of a block
//
// prepended  GROUP, LANES, S = f32 and their functions (lib/lanes.wgsl); a run is
//            a block: ROWS: u32, neighbouring rows
//            WIDTH: u32, elements of a V; V: f32 or vec4f; total(V) -> f32
//            weight_at(j: u32) -> V, that of the V number j
//            keep(at: u32, value: V), which writes to `partial`, or nothing
// dy, x      [rows, length] of V, row-major from their offsets on
// stats      f32 [2, rows]: mean, then rstd
// dx         [rows, length] of V
// partial    [2, blocks, length] of V
// dispatch   blocks * LANES invocations, folded over x and y
// geometry   as in rows.wgsl: the rows of a block share the loads of the weight
//            and the stores of `partial` ([4096, 512] on a CPU adapter, the sum
//            of `partial` included: 1 row 9.0 ms, 4 rows 4.9, 8 rows 4.2, 16
//            rows 4.7)

struct Params {
  rows: u32,
  length: u32,
  blocks: u32,
  dy_offset: u32,
  x_offset: u32,
  weight_offset: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = lane_of(local);
  let block = run_of(group, groups, local);
  let length = params.length;
  var first: array<u32, ROWS>;
  var mean: array<f32, ROWS>;
  var rstd: array<f32, ROWS>;
  var plain: array<V, ROWS>;
  var normal: array<V, ROWS>;
  for (var r = 0u; r < ROWS; r++) {
    // past the end the last row is read again: no lane may miss a barrier
    let row = min(block * ROWS + r, params.rows - 1u);
    first[r] = row * length;
    mean[r] = stats[row];
    rstd[r] = stats[params.rows + row];
    plain[r] = V(0.0);
    normal[r] = V(0.0);
  }
  for (var j = lane; j < length; j += LANES) {
    let weight = weight_at(j);
    for (var r = 0u; r < ROWS; r++) {
      let g = dy[params.dy_offset + first[r] + j] * weight;
      let normalized = (x[params.x_offset + first[r] + j] - mean[r]) * rstd[r];
      plain[r] += g;
      normal[r] += g * normalized;
    }
  }
  let count = f32(length * WIDTH);
  var plain_mean: array<f32, ROWS>;
  var normal_mean: array<f32, ROWS>;
  for (var r = 0u; r < ROWS; r++) {
    plain_mean[r] = across(total(plain[r]), local) / count;
    normal_mean[r] = across(total(normal[r]), local) / count;
  }
  if (block >= params.blocks) { return; } // guard; there are no more barriers
  for (var j = lane; j < length; j += LANES) {
    let weight = weight_at(j);
    var bias_sum = V(0.0);
    var weight_sum = V(0.0);
    for (var r = 0u; r < ROWS; r++) {
      let given = dy[params.dy_offset + first[r] + j];
      let normalized = (x[params.x_offset + first[r] + j] - mean[r]) * rstd[r];
      dx[first[r] + j] = rstd[r] *
          (given * weight - plain_mean[r] - normalized * normal_mean[r]);
      // past the end the last row is written again, and counts no more
      let counts = block * ROWS + r < params.rows;
      bias_sum += select(V(0.0), given, counts);
      weight_sum += select(V(0.0), given * normalized, counts);
    }
    keep(block * length + j, bias_sum);
    keep((params.blocks + block) * length + j, weight_sum);
  }
}
