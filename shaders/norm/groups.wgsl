// groups: every group of channels of an image with mean 0 and variance 1, scaled
// and shifted channel by channel: group norm.
//
//     y = (x - mean) * rstd * weight + bias,  rstd = 1 / sqrt(m2 / length + eps)
//
// prepended  GROUP, LANES, S = f32 and their functions (lib/lanes.wgsl); a run is
//            a group
//            WIDTH: u32, elements of a V; V: f32 or vec4f; total(V) -> f32
//            weight_at(c: u32) -> V, bias_at likewise: those of a channel
// x, y       [images, groups, channels, inner] of V, row-major; x from `offset`
//            on
// stats      f32 [2, images * groups]: mean, then rstd
// dispatch   images * groups * LANES invocations, folded over x and y
// special    NaN or infinity in a group: a group of NaN
// geometry   as in rows.wgsl. One lane walks channel by channel, many divide the
//            group evenly and look their channels up.

struct Params {
  rows: u32, // images * groups
  groups: u32,
  channels: u32,
  inner: u32, // in V
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
  let run = run_of(group, groups, local);
  // beyond the end the last group is summed again: no lane may miss a barrier
  let row = min(run, params.rows - 1u);
  let length = params.channels * params.inner;
  let base = row * length;
  let first = params.offset + base;
  let count = f32(length * WIDTH);
  var sum = V(0.0);
  for (var j = lane; j < length; j += LANES) { sum += x[first + j]; }
  let mean = across(total(sum), local) / count;
  var squares = V(0.0);
  for (var j = lane; j < length; j += LANES) {
    let deviation = x[first + j] - mean;
    squares += deviation * deviation;
  }
  let m2 = across(total(squares), local);
  let rstd = 1.0 / sqrt(m2 / count + params.eps);
  if (run >= params.rows) { return; } // guard; there are no more barriers
  let channel = (row % params.groups) * params.channels;
  if (LANES == 1u) {
    for (var c = 0u; c < params.channels; c++) {
      let weight = weight_at(channel + c);
      let bias = bias_at(channel + c);
      let start = c * params.inner;
      for (var j = start; j < start + params.inner; j++) {
        y[base + j] = (x[first + j] - mean) * rstd * weight + bias;
      }
    }
  } else {
    for (var j = lane; j < length; j += LANES) {
      let c = channel + j / params.inner;
      y[base + j] = (x[first + j] - mean) * rstd * weight_at(c) + bias_at(c);
    }
  }
  if (lane == 0u) {
    stats[row] = mean;
    stats[params.rows + row] = rstd;
  }
}
