// sums: what gradients of norms sum, over every part of every channel.
//
//     sums = (sum of g, sum of g * (x - mean) * rstd),  g = dy * weight
//
// prepended  GROUP, LANES, Q, S, total(Q) -> S: as in moments.wgsl
//            BY_IMAGE: bool, whether statistics belong to images
//            mean_at(n: u32, c: u32) -> S, rstd_at likewise: the statistics of
//            channel c in image n
//            weight_at(l: u32) -> Q
// dy, x      [images, channels, length] of Q, row-major from their offsets on
// y          [2, parts, channels] of S
// dispatch   parts * channels * LANES invocations, folded over x and y; part p
//            takes `span` images from p * span on

struct Params {
  images: u32,
  channels: u32,
  length: u32,
  span: u32,
  runs: u32,
  dy_offset: u32,
  x_offset: u32,
  stat_count: u32, // statistics in units of what is loaded
  per_stat: u32, // channels that share a statistic
  weight_offset: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<Q>;
@group(0) @binding(1) var<storage, read> x: array<Q>;

var<workgroup> cells: array<S, GROUP>;

// The sum of `value` over the lanes of a part, in all of them.
fn across(value: S, local: u32) -> S {
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
  // beyond the end the last run is summed again: no lane may miss a barrier
  let at = min(run, params.runs - 1u);
  let c = at % params.channels;
  let first = (at / params.channels) * params.span;
  let end = min(first + params.span, params.images);
  let row = params.channels * params.length;
  var mean = mean_at(first, c);
  var rstd = rstd_at(first, c);
  var plain = Q(0.0);
  var normal = Q(0.0);
  for (var n = first; n < end; n++) {
    if (BY_IMAGE) {
      mean = mean_at(n, c);
      rstd = rstd_at(n, c);
    }
    let start = n * row + c * params.length;
    for (var l = lane; l < params.length; l += LANES) {
      let g = dy[params.dy_offset + start + l] * weight_at(l);
      plain += g;
      normal += g * ((x[params.x_offset + start + l] - mean) * rstd);
    }
  }
  let plain_sum = across(total(plain), local);
  let normal_sum = across(total(normal), local);
  if (lane == 0u && run < params.runs) {
    y[run] = plain_sum;
    y[params.runs + run] = normal_sum;
  }
}
