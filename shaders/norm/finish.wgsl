// finish: the moments of all parts of a channel joined, and running statistics
// moved on.
//
//     mean = sum of count_p * mean_p / count
//     m2 = sum of m2_p + count_p * (mean_p - mean)^2
//     rstd = 1 / sqrt(m2 / count + eps)
//     running <- running + factor * (new - running),
//     new being mean, and m2 / (count - 1)
//
// prepended  TRACKS: bool, whether there are running statistics
//            factor() -> f32, and with TRACKS the bindings of running_mean and
//            running_var, f32 [channels] from their offsets on
// partial    f32 [2, parts, channels]: means, then sums of squares
// stats      f32 [2, channels]: mean, then rstd
// dispatch   `channels` invocations
// source     Chan, Golub & LeVeque 1983, "Algorithms for computing the sample
//            variance": parts joined; torch's running variance is unbiased

struct Params {
  channels: u32,
  parts: u32,
  images: u32,
  span: u32,
  length: u32,
  eps: f32,
  momentum: f32,
  mean_offset: u32,
  var_offset: u32,
  batches_offset: u32,
}

const GROUP = 64u;

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> stats: array<f32>;

fn count_of(part: u32) -> f32 {
  let first = part * params.span;
  return f32((min(first + params.span, params.images) - first) * params.length);
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= params.channels) { return; } // guard
  let count = f32(params.images * params.length);
  var mean = 0.0;
  for (var p = 0u; p < params.parts; p++) {
    mean += partial[p * params.channels + c] * (count_of(p) / count);
  }
  let squares = params.parts * params.channels;
  var m2 = 0.0;
  for (var p = 0u; p < params.parts; p++) {
    let deviation = partial[p * params.channels + c] - mean;
    m2 += partial[squares + p * params.channels + c] +
      count_of(p) * deviation * deviation;
  }
  stats[c] = mean;
  stats[params.channels + c] = 1.0 / sqrt(m2 / count + params.eps);
  if (TRACKS) { track(c, mean, m2 / (count - 1.0)); }
}
