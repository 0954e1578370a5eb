// conv_window: y[n, o, i, j] = epilogue(sum over c, u, v of x * w[o, c, u, v]) for
// filters of any size, stride and dilation, on adapters that are CPUs.
//
// y at row i is made of x at rows (i * step_h + u * dil_h + shift_h) / up_h, those
// that are whole and inside the image, and columns likewise. A convolution has
// up 1, step its stride, shift -padding; its gradient to x, over dy, has step 1,
// up its stride, shift padding and dil -dilation.
//
// An invocation makes 14 outputs of one row, up_w apart so that they need the same
// taps, in 8 channels. A step of its loop is one tap: 14 inputs (with SLIDE one,
// the others move along) and the weights of 8 channels.
//
// prepended  SLIDE: bool, for step_w, up_w and dil_w of 1
//            BIAS: bool, the epilogue adds bias[o]
//            RELU: bool, the epilogue clamps at 0, after the bias
// x          f32 [images, groups * channels, in_height, in_width], contiguous
// w          f32 [groups, blocks, channels, kh, kw, 8] as vec4 (conv_pack_weights)
// bias       f32 [groups * outputs]; any buffer without BIAS
// y          f32 [images, groups * outputs, height, width], contiguous
// dispatch   8 invocations a workgroup, folded over x and y
//
// 64 images, 32 to 64 channels of 14 x 14, 3 x 3 taps, GFLOP/s (./run bench conv):
// one output an invocation 2, this kernel 20, with SLIDE 24; conv_units, where it
// applies, 46.

struct Params {
  images: u32, channels: u32, outputs: u32, groups: u32, // per group, both
  in_height: i32, in_width: i32, height: u32, width: u32, kh: i32, kw: i32,
  step_h: i32, step_w: i32, up_h: i32, up_w: i32,
  dil_h: i32, dil_w: i32, shift_h: i32, shift_w: i32,
  segments: u32, blocks: u32, x_offset: u32, bias_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn load(row: u32, col: i32) -> f32 {
  let at = row + u32(clamp(col, 0, params.in_width - 1));
  return select(0.0, x[at], col >= 0 && col < params.in_width);
}

fn add(c: mat2x4f, r: f32, lo: vec4f, hi: vec4f) -> mat2x4f {
  return mat2x4f(fma(vec4f(r), lo, c[0]), fma(vec4f(r), hi, c[1]));
}

// Where the outputs go: `at` is that of column `col` in channel `o` of its group.
struct Place { at: u32, col: u32, o: u32, channel: u32 }

fn store1(value: f32, at: u32, place: Place, e: u32) {
  if (place.o + e >= params.outputs) { return; }
  var out = value;
  if (BIAS) { out += bias[params.bias_offset + place.channel + e]; }
  // select, not max: max(NaN, 0.0) is 0.0 on some devices
  if (RELU) { out = select(out, 0.0, out <= 0.0); }
  y[at + e * params.height * params.width] = out;
}

fn store(c: mat2x4f, place: Place, p: u32) {
  let far = p * u32(params.up_w);
  if (place.col + far >= params.width) { return; }
  let at = place.at + far;
  store1(c[0].x, at, place, 0u);
  store1(c[0].y, at, place, 1u);
  store1(c[0].z, at, place, 2u);
  store1(c[0].w, at, place, 3u);
  store1(c[1].x, at, place, 4u);
  store1(c[1].y, at, place, 5u);
  store1(c[1].z, at, place, 6u);
  store1(c[1].w, at, place, 7u);
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
  let jobs = row_jobs * params.height;
  if (index >= jobs * params.images * params.blocks * params.groups) { return; }
  let phase = index % up_w; // the first of every up_w columns that is made here
  let segment = index / up_w % params.segments;
  let i = index / row_jobs % params.height;
  let image = index / jobs % params.images;
  let block = index / jobs / params.images;
  let part = block / params.blocks; // group of channels

  let plane = u32(params.in_height * params.in_width);
  var x_at = params.x_offset + (image * params.groups + part) * params.channels * plane;
  var w_at = block * params.channels * u32(params.kh * params.kw) * 2u;
  var c: array<mat2x4f, 14>;
  for (var channel = 0u; channel < params.channels; channel++) {
    for (var u = 0; u < params.kh; u++) {
      let tall = i32(i) * params.step_h + u * params.dil_h + params.shift_h;
      if (tall < 0 || tall % params.up_h != 0 || tall / params.up_h >= params.in_height) {
        w_at += u32(params.kw) * 2u;
        continue;
      }
      let row = x_at + u32(tall / params.up_h * params.in_width);
      var r: array<f32, 14>;
      if (SLIDE) {
        let first = i32(segment * 14u) + params.shift_w;
        r[0] = load(row, first);
        r[1] = load(row, first + 1);
        r[2] = load(row, first + 2);
        r[3] = load(row, first + 3);
        r[4] = load(row, first + 4);
        r[5] = load(row, first + 5);
        r[6] = load(row, first + 6);
        r[7] = load(row, first + 7);
        r[8] = load(row, first + 8);
        r[9] = load(row, first + 9);
        r[10] = load(row, first + 10);
        r[11] = load(row, first + 11);
        r[12] = load(row, first + 12);
      }
      for (var v = 0; v < params.kw; v++) {
        let lo = w[w_at];
        let hi = w[w_at + 1u];
        w_at += 2u;
        let wide = i32(phase) + v * params.dil_w + params.shift_w;
        if (SLIDE) {
          r[13] = load(row, i32(segment * 14u + 13u) + wide);
        } else {
          if (wide % params.up_w != 0) { continue; }
          let first = wide / params.up_w + i32(segment * 14u) * params.step_w;
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
        }
        c[0] = add(c[0], r[0], lo, hi);
        c[1] = add(c[1], r[1], lo, hi);
        c[2] = add(c[2], r[2], lo, hi);
        c[3] = add(c[3], r[3], lo, hi);
        c[4] = add(c[4], r[4], lo, hi);
        c[5] = add(c[5], r[5], lo, hi);
        c[6] = add(c[6], r[6], lo, hi);
        c[7] = add(c[7], r[7], lo, hi);
        c[8] = add(c[8], r[8], lo, hi);
        c[9] = add(c[9], r[9], lo, hi);
        c[10] = add(c[10], r[10], lo, hi);
        c[11] = add(c[11], r[11], lo, hi);
        c[12] = add(c[12], r[12], lo, hi);
        c[13] = add(c[13], r[13], lo, hi);
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
  }

  let o = block % params.blocks * 8u;
  let channel = part * params.outputs + o;
  let col = phase + segment * 14u * up_w;
  let first = (image * params.groups * params.outputs + channel) * params.height + i;
  let place = Place(first * params.width + col, col, o, channel);
  store(c[0], place, 0u);
  store(c[1], place, 1u);
  store(c[2], place, 2u);
  store(c[3], place, 3u);
  store(c[4], place, 4u);
  store(c[5], place, 5u);
  store(c[6], place, 6u);
  store(c[7], place, 7u);
  store(c[8], place, 8u);
  store(c[9], place, 9u);
  store(c[10], place, 10u);
  store(c[11], place, 11u);
  store(c[12], place, 12u);
  store(c[13], place, 13u);
}
