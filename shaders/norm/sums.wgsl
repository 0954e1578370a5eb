// sums: what gradients of norms sum, over every part of every channel.
//
//     sums = (sum of dy, sum of dy * (x - mean) * rstd)
//
// prepended  GROUP, LANES, Q, S, total(Q) -> S and the functions of lanes and parts:
//            as in moments.wgsl
//            BY_IMAGE: bool, whether statistics belong to images
//            mean_at(n: u32, c: u32) -> S, rstd_at likewise: the statistics of
//            channel c in image n
// dy, x      [images, channels, length] of Q, row-major from their offsets on
// y          [2, parts, channels] of S
// dispatch   parts * channels * LANES invocations, folded over x and y; part p
//            takes `span` images from p * span on

@group(0) @binding(0) var<storage, read> dy: array<Q>;
@group(0) @binding(1) var<storage, read> x: array<Q>;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = lane_of(local);
  let run = run_of(group, groups, local);
  let part = part_of(run);
  let c = part.channel;
  let row = params.channels * params.length;
  var mean = mean_at(part.first, c);
  var rstd = rstd_at(part.first, c);
  var plain = Q(0.0);
  var normal = Q(0.0);
  for (var n = part.first; n < part.end; n++) {
    if (BY_IMAGE) {
      mean = mean_at(n, c);
      rstd = rstd_at(n, c);
    }
    let start = n * row + c * params.length;
    for (var l = lane; l < params.length; l += LANES) {
      let given = dy[params.dy_offset + start + l];
      plain += given;
      normal += given * ((x[params.x_offset + start + l] - mean) * rstd);
    }
  }
  let plain_sum = across(total(plain), local);
  let normal_sum = across(total(normal), local);
  if (lane == 0u && run < params.runs) {
    y[run] = plain_sum;
    y[params.runs + run] = normal_sum;
  }
}
