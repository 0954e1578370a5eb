// conv_dw_window: dw[s, o, c, u, v] = sum over the images of split s, i and j of
// dy[n, o, i, j] * x[n, c, i * step_h + u * dil_h - pad_h, ...], where that lies
// inside the image: the gradient of a convolution to its weights for filters of
// any size, stride and dilation, on adapters that are CPUs.
//
// An invocation makes 8 taps (of one or several channels) for 8 output channels.
// A step of its loop is one column of dy in 8 channels and 8 inputs.
//
// x          f32 [images, groups * channels, in_height, in_width], contiguous
// dy         f32 [images, groups * outputs, height, width], contiguous
// dw         f32 [splits, split_size], of each split the first groups * outputs *
//            channels * kh * kw
// dispatch   8 invocations a workgroup, folded over x and y
// edges      taps and channels past the end repeat the last and store nothing

struct Params {
  images: u32, channels: u32, outputs: u32, groups: u32, // per group, both
  in_height: i32, in_width: i32, height: u32, width: u32, kh: u32, kw: u32,
  step_h: i32, step_w: i32, dil_h: i32, dil_w: i32, pad_h: i32, pad_w: i32,
  tap_tiles: u32, output_tiles: u32, splits: u32, split_images: u32,
  split_size: u32, x_offset: u32, dy_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// One tap: the plane of x it reads in an image, and where from row 0, column 0.
struct Tap { plane: u32, row: i32, col: i32 }

fn tap(index: u32) -> Tap {
  let size = params.kh * params.kw;
  let at = min(index, params.channels * size - 1u);
  return Tap(
    at / size * u32(params.in_height * params.in_width),
    i32(at % size / params.kw) * params.dil_h - params.pad_h,
    i32(at % params.kw) * params.dil_w - params.pad_w,
  );
}

fn load(t: Tap, base: u32, i: i32, j: i32) -> f32 {
  let row = t.row + i;
  let col = t.col + j;
  let inside = row >= 0 && row < params.in_height && col >= 0 && col < params.in_width;
  let at = clamp(row, 0, params.in_height - 1) * params.in_width
    + clamp(col, 0, params.in_width - 1);
  return select(0.0, x[base + t.plane + u32(at)], inside);
}

fn add(sum: mat2x4f, d: f32, lo: vec4f, hi: vec4f) -> mat2x4f {
  return mat2x4f(fma(vec4f(d), lo, sum[0]), fma(vec4f(d), hi, sum[1]));
}

fn store(sum: mat2x4f, at: u32, left: u32) {
  dw[at] = sum[0].x;
  if (left > 1u) { dw[at + 1u] = sum[0].y; }
  if (left > 2u) { dw[at + 2u] = sum[0].z; }
  if (left > 3u) { dw[at + 3u] = sum[0].w; }
  if (left > 4u) { dw[at + 4u] = sum[1].x; }
  if (left > 5u) { dw[at + 5u] = sum[1].y; }
  if (left > 6u) { dw[at + 6u] = sum[1].z; }
  if (left > 7u) { dw[at + 7u] = sum[1].w; }
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 8u + lane;
  let tiles = params.tap_tiles * params.output_tiles;
  if (index >= tiles * params.groups * params.splits) { return; }
  let first = index % params.tap_tiles * 8u;
  let o = index / params.tap_tiles % params.output_tiles * 8u;
  let part = index / tiles % params.groups; // group of channels
  let split = index / tiles / params.groups;

  let in_plane = u32(params.in_height * params.in_width);
  let plane = params.height * params.width;
  let last = params.outputs - 1u;
  let t0 = tap(first);
  let t1 = tap(first + 1u);
  let t2 = tap(first + 2u);
  let t3 = tap(first + 3u);
  let t4 = tap(first + 4u);
  let t5 = tap(first + 5u);
  let t6 = tap(first + 6u);
  let t7 = tap(first + 7u);
  let o0 = min(o, last) * plane;
  let o1 = min(o + 1u, last) * plane;
  let o2 = min(o + 2u, last) * plane;
  let o3 = min(o + 3u, last) * plane;
  let o4 = min(o + 4u, last) * plane;
  let o5 = min(o + 5u, last) * plane;
  let o6 = min(o + 6u, last) * plane;
  let o7 = min(o + 7u, last) * plane;
  var sum: array<mat2x4f, 8>;
  let end = min((split + 1u) * params.split_images, params.images);
  for (var image = split * params.split_images; image < end; image++) {
    let base = params.x_offset + (image * params.groups + part) * params.channels * in_plane;
    var at = params.dy_offset + (image * params.groups + part) * params.outputs * plane;
    for (var i = 0u; i < params.height; i++) {
      let row = i32(i) * params.step_h;
      for (var j = 0u; j < params.width; j++) {
        let col = i32(j) * params.step_w;
        let lo = vec4f(
          load(t0, base, row, col),
          load(t1, base, row, col),
          load(t2, base, row, col),
          load(t3, base, row, col),
        );
        let hi = vec4f(
          load(t4, base, row, col),
          load(t5, base, row, col),
          load(t6, base, row, col),
          load(t7, base, row, col),
        );
        sum[0] = add(sum[0], dy[at + o0], lo, hi);
        sum[1] = add(sum[1], dy[at + o1], lo, hi);
        sum[2] = add(sum[2], dy[at + o2], lo, hi);
        sum[3] = add(sum[3], dy[at + o3], lo, hi);
        sum[4] = add(sum[4], dy[at + o4], lo, hi);
        sum[5] = add(sum[5], dy[at + o5], lo, hi);
        sum[6] = add(sum[6], dy[at + o6], lo, hi);
        sum[7] = add(sum[7], dy[at + o7], lo, hi);
        at++;
      }
    }
  }

  let taps = params.channels * params.kh * params.kw;
  let to = split * params.split_size + (part * params.outputs + o) * taps + first;
  store(sum[0], to, taps - first);
  if (o + 1u < params.outputs) { store(sum[1], to + 1u * taps, taps - first); }
  if (o + 2u < params.outputs) { store(sum[2], to + 2u * taps, taps - first); }
  if (o + 3u < params.outputs) { store(sum[3], to + 3u * taps, taps - first); }
  if (o + 4u < params.outputs) { store(sum[4], to + 4u * taps, taps - first); }
  if (o + 5u < params.outputs) { store(sum[5], to + 5u * taps, taps - first); }
  if (o + 6u < params.outputs) { store(sum[6], to + 6u * taps, taps - first); }
  if (o + 7u < params.outputs) { store(sum[7], to + 7u * taps, taps - first); }
}
