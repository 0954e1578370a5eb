// conv_plane: y[n, o, i, j] = epilogue(sum over c, u, v of x * w[o, c, u, v]) for
// groups of few output channels (depthwise), on adapters that are CPUs.
//
// y at row i is made of x at rows (i * step_h + u * dil_h + shift_h) / up_h, those
// that are whole and inside the image, and columns likewise. A convolution has
// up 1, step its stride, shift -padding; its gradient to x, over dy, has step 1,
// up its stride, shift padding and dil -dilation.
//
// An invocation makes 14 outputs of one row of one channel, up_w apart so that
// they need the same taps.
//
// prepended  BIAS: bool, the epilogue adds bias[o]
//            RELU: bool, the epilogue clamps at 0, after the bias
// x          f32 [images, groups * channels, in_height, in_width], contiguous
// w          f32, strides of group, output, input in elements; taps contiguous
// bias       f32 [groups * outputs]; any buffer without BIAS
// y          f32 [images, groups * outputs, height, width], contiguous
// dispatch   8 invocations a workgroup, folded over x and y

struct Params {
  images: u32, channels: u32, outputs: u32, groups: u32, // per group, both
  in_height: i32, in_width: i32, height: u32, width: u32, kh: i32, kw: i32,
  step_h: i32, step_w: i32, up_h: i32, up_w: i32,
  dil_h: i32, dil_w: i32, shift_h: i32, shift_w: i32,
  segments: u32, x_offset: u32, bias_offset: u32,
  w_offset: u32, w_group: u32, w_output: u32, w_input: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn load(row: u32, col: i32) -> f32 {
  let at = row + u32(clamp(col, 0, params.in_width - 1));
  return select(0.0, x[at], col >= 0 && col < params.in_width);
}

fn store(value: f32, at: u32, col: u32, p: u32, add: f32) {
  let far = p * u32(params.up_w);
  if (col + far >= params.width) { return; }
  var out = value + add;
  // select, not max: max(NaN, 0.0) is 0.0 on some devices
  if (RELU) { out = select(out, 0.0, out <= 0.0); }
  y[at + far] = out;
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 8u + lane;
  let up_w = u32(params.up_w);
  let row_jobs = params.segments * up_w;
  let rows = params.images * params.groups * params.outputs * params.height;
  if (index >= rows * row_jobs) { return; }
  let phase = index % up_w; // the first of every up_w columns that is made here
  let segment = index / up_w % params.segments;
  let line = index / row_jobs;
  let i = line % params.height;
  let channel = line / params.height % (params.groups * params.outputs);
  let image = line / params.height / (params.groups * params.outputs);
  let part = channel / params.outputs; // group of channels

  let plane = u32(params.in_height * params.in_width);
  var x_at = params.x_offset + (image * params.groups + part) * params.channels * plane;
  var w_row = params.w_offset + part * params.w_group
    + channel % params.outputs * params.w_output;
  var c: array<f32, 14>;
  for (var input = 0u; input < params.channels; input++) {
    for (var u = 0; u < params.kh; u++) {
      let tall = i32(i) * params.step_h + u * params.dil_h + params.shift_h;
      if (tall < 0 || tall % params.up_h != 0 || tall / params.up_h >= params.in_height) {
        continue;
      }
      let row = x_at + u32(tall / params.up_h * params.in_width);
      for (var v = 0; v < params.kw; v++) {
        let wide = i32(phase) + v * params.dil_w + params.shift_w;
        if (wide % params.up_w != 0) { continue; }
        let first = wide / params.up_w + i32(segment * 14u) * params.step_w;
        let tap = w[w_row + u32(u * params.kw + v)];
        var r: array<f32, 14>;
        r[0] = load(row, first);
        r[1] = load(row, first + params.step_w);
        r[2] = load(row, first + 2 * params.step_w);
        r[3] = load(row, first + 3 * params.step_w);
        r[4] = load(row, first + 4 * params.step_w);
        r[5] = load(row, first + 5 * params.step_w);
        r[6] = load(row, first + 6 * params.step_w);
        r[7] = load(row, first + 7 * params.step_w);
        r[8] = load(row, first + 8 * params.step_w);
        r[9] = load(row, first + 9 * params.step_w);
        r[10] = load(row, first + 10 * params.step_w);
        r[11] = load(row, first + 11 * params.step_w);
        r[12] = load(row, first + 12 * params.step_w);
        r[13] = load(row, first + 13 * params.step_w);
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
      }
    }
    x_at += plane;
    w_row += params.w_input;
  }

  let col = phase + segment * 14u * up_w;
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
