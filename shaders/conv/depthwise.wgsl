// conv_depthwise: y[n, o, i, j] = epilogue(sum over u, v of
// x[n, o / outputs, i * STEP + u - pad_h, j * STEP + v - PAD] * w[o, u, v]): filters
// of one channel each, on every adapter.
//
// An invocation makes 8 / STEP neighbouring columns of y from top to bottom. Each
// line of 16 inputs is loaded once: it is added to all the rows of y that it is part
// of, and the oldest of these is then complete.
//
// prepended  FIRST, Line, Taps and their functions (lib/conv_lines.wgsl)
//            KH, KW: u32, size of the filters, 7 at most
//            STEP: u32, stride, 1 or 2, of rows and columns
//            PAD: u32, zeros on the left, 4 at most, and KW - PAD 4 + STEP at most
//            WG: u32, invocations of a workgroup
//            FLIP: bool, filters are turned by half a turn
//            BIAS: bool, the epilogue adds bias[o]
//            put(i, x: f32), which writes to y and may do more
// x          f32 [images, groups, in_height, 4 * vecs], contiguous, as vec4; zeros
//            where rows were filled up
// w          f32, strides of group and output in elements; taps contiguous
// bias       f32 [groups * outputs]; any buffer without BIAS
// y          f32 [images, groups * outputs, height, width], contiguous
// dispatch   WG invocations a workgroup, folded over x and y: columns first
//
// 4 images of 64 channels, 56 x 56, 3 x 3 taps on Mesa's lavapipe, GFLOP/s: each
// output from its own loads 4, this kernel 18; half of the time goes to the stores.

struct Params {
  images: u32, groups: u32, outputs: u32, in_height: u32, vecs: u32,
  height: u32, width: u32, pad_h: u32, blocks: u32, strips: u32, strip_rows: u32,
  x_offset: u32, y_offset: u32, bias_offset: u32, // x_offset in vec4
  w_offset: u32, w_group: u32, w_output: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const COLUMNS = 8u / STEP; // of an invocation
const AGES = (KH + STEP - 1u) / STEP; // rows of y that a line is part of

alias Run = mat2x4f; // 8 columns, of which STEP 2 uses 4

fn tap(c: Run, r: Line, w: f32, v: u32) -> Run {
  let lo = fma(vec4f(w), four(r, FIRST + v), c[0]);
  if (STEP > 1u) { return Run(lo, vec4f()); }
  return Run(lo, fma(vec4f(w), four(r, FIRST + v + 4u), c[1]));
}

fn add(c: Run, r: Line, w: Taps) -> Run {
  var sum = tap(c, r, w[0], 0u);
  if (KW > 1u) { sum = tap(sum, r, w[1], 1u); }
  if (KW > 2u) { sum = tap(sum, r, w[2], 2u); }
  if (KW > 3u) { sum = tap(sum, r, w[3], 3u); }
  if (KW > 4u) { sum = tap(sum, r, w[4], 4u); }
  if (KW > 5u) { sum = tap(sum, r, w[5], 5u); }
  if (KW > 6u) { sum = tap(sum, r, w[6], 6u); }
  return sum;
}

fn weight(base: u32, u: u32, v: u32) -> f32 {
  if (u >= KH || v >= KW) { return 0.0; }
  let nth = u * KW + v;
  return w[base + select(nth, KH * KW - 1u - nth, FLIP)];
}

fn weights(base: u32, u: u32) -> Taps {
  return Taps(
    weight(base, u, 0u),
    weight(base, u, 1u),
    weight(base, u, 2u),
    weight(base, u, 3u),
    weight(base, u, 4u),
    weight(base, u, 5u),
    weight(base, u, 6u),
  );
}

// Age k of a row, which has met all lines before: `r` and, with STEP 2, `s`.
fn aged(c: Run, r: Line, s: Line, w0: Taps, w1: Taps, k: u32) -> Run {
  var sum = add(c, r, w0);
  if (STEP > 1u && 2u * k + 1u < KH) { sum = add(sum, s, w1); }
  return sum;
}

fn finish(at: u32, value: f32, o: u32) {
  var out = value;
  if (BIAS) { out += bias[params.bias_offset + o]; }
  put(at, out);
}

fn store4(c: vec4f, at: u32, col: u32, o: u32) {
  if (col < params.width) { finish(at + col, c.x, o); }
  if (col + 1u < params.width) { finish(at + col + 1u, c.y, o); }
  if (col + 2u < params.width) { finish(at + col + 2u, c.z, o); }
  if (col + 3u < params.width) { finish(at + col + 3u, c.w, o); }
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let channels = params.groups * params.outputs;
  let block = index % params.blocks;
  let strip = index / params.blocks % params.strips;
  let o = index / params.blocks / params.strips % channels;
  let image = index / params.blocks / params.strips / channels;
  if (image >= params.images) { return; }

  let part = o / params.outputs;
  let base = params.w_offset + part * params.w_group
    + (o - part * params.outputs) * params.w_output;
  let w0 = weights(base, 0u);
  let w1 = weights(base, 1u);
  let w2 = weights(base, 2u);
  let w3 = weights(base, 3u);
  let w4 = weights(base, 4u);
  let w5 = weights(base, 5u);
  let w6 = weights(base, 6u);

  let plane = params.x_offset
    + (image * params.groups + part) * params.in_height * params.vecs;
  let at = block * 2u;
  let first = strip * params.strip_rows;
  let rows = min(params.strip_rows, params.height - min(first, params.height));
  let to = params.y_offset + (image * channels + o) * params.height * params.width;
  var row = first * STEP - params.pad_h;
  var c0: Run;
  var c1: Run;
  var c2: Run;
  var c3: Run;
  var c4: Run;
  var c5: Run;
  var c6: Run;
  for (var i = 0u; i < rows + AGES - 1u; i++) {
    let r = load(plane, row, at);
    var s = Line();
    if (STEP > 1u && KH > 1u) { s = load(plane, row + 1u, at); }
    row += STEP;
    if (STEP > 1u) {
      if (AGES > 3u) { c3 = aged(c2, r, s, w6, w6, 3u); }
      if (AGES > 2u) { c2 = aged(c1, r, s, w4, w5, 2u); }
      if (AGES > 1u) { c1 = aged(c0, r, s, w2, w3, 1u); }
      c0 = aged(Run(), r, s, w0, w1, 0u);
    } else {
      if (AGES > 6u) { c6 = add(c5, r, w6); }
      if (AGES > 5u) { c5 = add(c4, r, w5); }
      if (AGES > 4u) { c4 = add(c3, r, w4); }
      if (AGES > 3u) { c3 = add(c2, r, w3); }
      if (AGES > 2u) { c2 = add(c1, r, w2); }
      if (AGES > 1u) { c1 = add(c0, r, w1); }
      c0 = add(Run(), r, w0);
    }
    if (i + 1u < AGES) { continue; }
    var c = c0;
    if (AGES == 2u) { c = c1; }
    if (AGES == 3u) { c = c2; }
    if (AGES == 4u) { c = c3; }
    if (AGES == 5u) { c = c4; }
    if (AGES == 6u) { c = c5; }
    if (AGES == 7u) { c = c6; }
    let line = to + (first + i + 1u - AGES) * params.width;
    store4(c[0], line, block * COLUMNS, o);
    if (STEP == 1u) { store4(c[1], line, block * COLUMNS + 4u, o); }
  }
}
