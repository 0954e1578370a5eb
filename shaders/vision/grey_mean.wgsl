// grey_mean: y[n, s] = sum over the pixels of part s of 0.2989 r + 0.587 g +
// 0.114 b, or of the only channel, divided by all pixels; one workgroup per part
// of an image.
//
// prepended  C: u32, channels, 1 or 3; WG: u32, invocations per workgroup (a
//            power of two)
// x          f32 [N, C, H, W], contiguous
// records    u32 [N, words]: word 30 is 1 if an image has bytes, whose greys lose
//            their fraction
// y          f32 [N, parts]; a part has `run` pixels, the last part the rest
// dispatch   N * parts workgroups, folded over x and y
// special    NaN in an image: NaN

struct Params {
  images: u32, plane: u32, words: u32, offset: u32, parts: u32, run: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> records: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const IS_BYTE = 30u;
var<workgroup> partial: array<f32, WG>;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = group.y * groups.x + group.x;
  let n = index / params.parts;
  if (n >= params.images) { return; } // the same answer in every lane
  let is_byte = records[n * params.words + IS_BYTE] != 0u;
  let base = params.offset + n * C * params.plane;
  var sum = 0.0;
  let first = index % params.parts * params.run;
  let end = min(first + params.run, params.plane);
  for (var p = first + lane; p < end; p += WG) {
    var grey = x[base + p];
    if (C == 3u) {
      grey = 0.2989 * grey + 0.587 * x[base + params.plane + p] +
        0.114 * x[base + 2u * params.plane + p];
      if (is_byte) { grey = trunc(grey); }
    }
    sum += grey;
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var stride = WG / 2u; stride > 0u; stride /= 2u) {
    if (lane < stride) { partial[lane] += partial[lane + stride]; }
    workgroupBarrier();
  }
  if (lane == 0u) { y[index] = partial[0] / f32(params.plane); }
}
