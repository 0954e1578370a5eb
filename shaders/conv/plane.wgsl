// conv_plane: y[n, o, i, j] = epilogue(sum over c, u, v of x * w[o, c, u, v]) for
// groups of few output channels (depthwise), on adapters that are CPUs.
//
// y at row i is made of x at rows (i * step_h + u * dil_h + shift_h) / up_h, those
// that are whole and inside the image, and columns likewise. A convolution has
// up 1, step its stride, shift -padding; its gradient to x, over dy, has step 1,
// up its stride, shift padding and dil -dilation. Of the taps of a row or column,
// every `every`th is whole; from one to the next the input moves on by `hop`.
//
// An invocation makes 14 outputs of one row of one channel, up_w apart so that
// they need the same taps. A step of its loop is one tap: 14 inputs, with SLIDE
// one, the others moving along.
//
// prepended  SLIDE: bool, for step_w, up_w and dil_w of 1
//            FLIP: bool, filters are turned by half a turn
//            BIAS: bool, the epilogue adds bias[o]
//            put(i, x: f32), which writes to y and may do more
// x          f32 [images, groups * channels, in_height, in_width], contiguous
// w          f32, strides of group, output, input in elements; taps contiguous
// bias       f32 [groups * outputs]; any buffer without BIAS
// y          f32 [images, groups * outputs, height, width], contiguous
// dispatch   8 invocations a workgroup, folded over x and y

struct Params {
  images: u32, channels: u32, outputs: u32, groups: u32, // per group, both
  in_height: u32, in_width: u32, height: u32, width: u32, kh: u32, kw: u32,
  step_h: i32, step_w: i32, up_h: i32, up_w: i32,
  dil_h: i32, dil_w: i32, shift_h: i32, shift_w: i32,
  every_h: u32, every_w: u32, hop_h: u32, hop_w: u32,
  segments: u32, x_offset: u32, bias_offset: u32,
  w_offset: u32, w_group: u32, w_output: u32, w_input: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// A column left of the image is a huge number, and so right of it.
fn load(row: u32, col: u32) -> f32 {
  let value = x[row + min(col, params.in_width - 1u)];
  return select(0.0, value, col < params.in_width);
}

// The taps in one direction that an output needs: from `first` on every `every`th,
// `count` of them, in inputs from `input` on, which wraps around below 0.
struct Taps { first: u32, count: u32, input: u32 }

fn taps(at: i32, dil: i32, up: i32, size: u32, every: u32) -> Taps {
  var first = 0u;
  while (first < every && (at + i32(first) * dil) % up != 0) { first++; }
  if (first >= min(every, size)) { return Taps(0u, 0u, 0u); }
  let count = (size - first + every - 1u) / every;
  return Taps(first, count, bitcast<u32>((at + i32(first) * dil) / up));
}

fn store(value: f32, at: u32, col: u32, p: u32, add: f32) {
  let far = p * u32(params.up_w);
  if (col + far >= params.width) { return; }
  put(at + far, value + add);
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 8u + lane;
  // Outputs that need the same taps of a filter are up_h rows and up_w columns
  // apart, a phase; lanes next to each other are of one phase.
  let up_h = u32(params.up_h);
  let up_w = u32(params.up_w);
  let phase_rows = (params.height + up_h - 1u) / up_h;
  let channels = params.groups * params.outputs;
  let jobs = params.segments * phase_rows * params.images * channels;
  if (index >= jobs * up_h * up_w) { return; }
  let segment = index % params.segments;
  let phase = index / jobs;
  let i = index / params.segments % phase_rows * up_h + phase / up_w;
  if (i >= params.height) { return; }
  let first_col = phase % up_w;
  let channel = index / params.segments / phase_rows % channels;
  let image = index / params.segments / phase_rows / channels % params.images;
  let part = channel / params.outputs; // group of channels

  let rows = taps(
    i32(i) * params.step_h + params.shift_h,
    params.dil_h,
    params.up_h,
    params.kh,
    params.every_h,
  );
  let cols = taps(
    i32(first_col) + params.shift_w,
    params.dil_w,
    params.up_w,
    params.kw,
    params.every_w,
  );
  let left = cols.input + segment * 14u * u32(params.step_w);
  let step = u32(params.step_w);
  let plane = params.in_height * params.in_width;
  var x_at = params.x_offset + (image * params.groups + part) * params.channels * plane;
  var w_at = params.w_offset + part * params.w_group
    + channel % params.outputs * params.w_output;
  var c: array<f32, 14>;
  for (var input = 0u; input < params.channels; input++) {
    for (var u = 0u; u < rows.count; u++) {
      let in_row = rows.input + u * params.hop_h;
      if (in_row >= params.in_height) { continue; }
      let row = x_at + in_row * params.in_width;
      let tap_row = (rows.first + u * params.every_h) * params.kw + cols.first;
      var r: array<f32, 14>;
      if (SLIDE) {
        r[0] = load(row, left);
        r[1] = load(row, left + 1u);
        r[2] = load(row, left + 2u);
        r[3] = load(row, left + 3u);
        r[4] = load(row, left + 4u);
        r[5] = load(row, left + 5u);
        r[6] = load(row, left + 6u);
        r[7] = load(row, left + 7u);
        r[8] = load(row, left + 8u);
        r[9] = load(row, left + 9u);
        r[10] = load(row, left + 10u);
        r[11] = load(row, left + 11u);
        r[12] = load(row, left + 12u);
      }
      for (var v = 0u; v < cols.count; v++) {
        let nth = tap_row + v * params.every_w;
        let tap = w[w_at + select(nth, params.kh * params.kw - 1u - nth, FLIP)];
        if (SLIDE) {
          r[13] = load(row, left + v + 13u);
        } else {
          let col = left + v * params.hop_w;
          r[0] = load(row, col);
          r[1] = load(row, col + step);
          r[2] = load(row, col + 2u * step);
          r[3] = load(row, col + 3u * step);
          r[4] = load(row, col + 4u * step);
          r[5] = load(row, col + 5u * step);
          r[6] = load(row, col + 6u * step);
          r[7] = load(row, col + 7u * step);
          r[8] = load(row, col + 8u * step);
          r[9] = load(row, col + 9u * step);
          r[10] = load(row, col + 10u * step);
          r[11] = load(row, col + 11u * step);
          r[12] = load(row, col + 12u * step);
          r[13] = load(row, col + 13u * step);
        }
        c[0] = fma(r[0], tap, c[0]);
        c[1] = fma(r[1], tap, c[1]);
        c[2] = fma(r[2], tap, c[2]);
        c[3] = fma(r[3], tap, c[3]);
        c[4] = fma(r[4], tap, c[4]);
        c[5] = fma(r[5], tap, c[5]);
        c[6] = fma(r[6], tap, c[6]);
        c[7] = fma(r[7], tap, c[7]);
        c[8] = fma(r[8], tap, c[8]);
        c[9] = fma(r[9], tap, c[9]);
        c[10] = fma(r[10], tap, c[10]);
        c[11] = fma(r[11], tap, c[11]);
        c[12] = fma(r[12], tap, c[12]);
        c[13] = fma(r[13], tap, c[13]);
        if (SLIDE) {
          r[0] = r[1];
          r[1] = r[2];
          r[2] = r[3];
          r[3] = r[4];
          r[4] = r[5];
          r[5] = r[6];
          r[6] = r[7];
          r[7] = r[8];
          r[8] = r[9];
          r[9] = r[10];
          r[10] = r[11];
          r[11] = r[12];
          r[12] = r[13];
        }
      }
    }
    x_at += plane;
    w_at += params.w_input;
  }

  let col = first_col + segment * 14u * up_w;
  let line = (image * channels + channel) * params.height + i;
  let at = line * params.width + col;
  var add = 0.0;
  if (BIAS) { add = bias[params.bias_offset + channel]; }
  store(c[0], at, col, 0u, add);
  store(c[1], at, col, 1u, add);
  store(c[2], at, col, 2u, add);
  store(c[3], at, col, 3u, add);
  store(c[4], at, col, 4u, add);
  store(c[5], at, col, 5u, add);
  store(c[6], at, col, 6u, add);
  store(c[7], at, col, 7u, add);
  store(c[8], at, col, 8u, add);
  store(c[9], at, col, 9u, add);
  store(c[10], at, col, 10u, add);
  store(c[11], at, col, 11u, add);
  store(c[12], at, col, 12u, add);
  store(c[13], at, col, 13u, add);
}
