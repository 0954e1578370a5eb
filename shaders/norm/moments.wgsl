// moments: mean and sum of squared deviations of every part of every channel.
//
//     mean = sum of x / count,  m2 = sum of (x - mean)^2
//
// prepended  GROUP, LANES, S and their functions (lib/lanes.wgsl); a part is a run
//            (lib/channel_parts.wgsl)
//            WIDTH: u32, elements of one Q that belong to one channel
//            Q: what is loaded at once (f32 or vec4f)
//            S: f32, or vec4f where the lanes of Q belong to four channels
//            total(Q) -> S: the lanes of one channel joined
// x          [images, channels, length] of Q, row-major from `x_offset` on
// y          [2, parts, channels] of S: means, then sums of squares
// dispatch   parts * channels * LANES invocations, folded over x and y; part p
//            takes `span` images from p * span on
// special    NaN or infinity in a part: NaN
// geometry   The part is read twice, deviations being exact where squares of x
//            would cancel. A GPU takes a part by many lanes, a CPU adapter by
//            one, whose loop over lanes and workgroup memory vanish.

@group(0) @binding(0) var<storage, read> x: array<Q>;
@group(0) @binding(1) var<storage, read_write> y: array<S>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = lane_of(local);
  let run = run_of(group, groups, local);
  let part = part_of(run);
  let row = params.channels * params.length;
  let start = params.x_offset + part.channel * params.length;
  var sum = Q(0.0);
  for (var n = part.first; n < part.end; n++) {
    for (var l = lane; l < params.length; l += LANES) {
      sum += x[start + n * row + l];
    }
  }
  let count = f32((part.end - part.first) * params.length * WIDTH);
  let mean = across(total(sum), local) / count;
  var squares = Q(0.0);
  for (var n = part.first; n < part.end; n++) {
    for (var l = lane; l < params.length; l += LANES) {
      let deviation = x[start + n * row + l] - mean;
      squares += deviation * deviation;
    }
  }
  let m2 = across(total(squares), local);
  if (lane == 0u && run < params.runs) {
    y[run] = mean;
    y[params.runs + run] = m2;
  }
}
