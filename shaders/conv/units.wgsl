// conv_units: y[n, o, i, j] = epilogue(sum over c, u, v of
// x[n, c, i + u, j + v] * w[o, c, u, v]), stride and dilation 1: the convolution
// of adapters that are CPUs, in registers, without workgroup memory.
//
// An invocation makes UNITS runs of UNIT neighbouring outputs, in 8 channels: a
// step of its loop is one row of taps in one input channel, for which it loads
// each run's inputs as vec4 and the row's weights. Both come from copies made for
// it (conv_tile_input, conv_pack_weights), padded so that no load needs a bound.
//
// prepended  KW: u32, filter width, 1 to 5
//            UNIT: u32, outputs of a run, 14 (at most 18 inputs) or 8
//            UNITS: u32, runs of an invocation, 2 or 4
//            BIAS: bool, the epilogue adds bias[o]
//            RELU: bool, the epilogue clamps at 0, after the bias
// x          f32 [images, channels, rows, segments, VECS * 4] as vec4: one segment
//            holds a run's inputs
// w          f32 [blocks, channels, kh, KW, 8] as vec4; the groups' blocks follow
//            each other
// bias       f32 [outputs of all groups]; any buffer without BIAS
// y          f32 [images, outputs of all groups, height, width], contiguous
// dispatch   8 invocations a workgroup, folded over x and y: runs first
// edges      the last run of a row is moved back to end with the row, and an
//            invocation past the end repeats the last run: both store the very
//            bits that their neighbours do; rows shorter than UNIT store a part
//
// On Mesa's lavapipe a load costs as much as 40 multiply-adds, whatever its size,
// and loop bodies beyond the instruction cache cost twice. 64 images, 32 to 64
// channels of 14 x 14, 3 x 3 taps, GFLOP/s (./run bench conv): one output an
// invocation 2; 14 outputs x 8 channels 25; x 16 channels 31; with vec4 loads of
// the tiled copy, copy included, 36; 2 runs x 8 channels 40, each loaded where it is
// used 46.

struct Params {
  images: u32, channels: u32, outputs: u32, groups: u32, // per group, both
  height: u32, width: u32, rows: u32, segments: u32, last: u32, kh: u32,
  blocks: u32, first_image: u32, bias_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const VECS = (UNIT + KW + 2u) / 4u; // vec4 with UNIT + KW - 1 inputs

alias Run = array<mat2x4f, 14>; // outputs along the row, in 8 channels each
alias Taps = array<mat2x4f, 5>; // weights along the row, likewise

// One output of 8 channels after a row of taps over the inputs r and last.
fn taps(c: mat2x4f, r: vec4f, last: f32, w: Taps) -> mat2x4f {
  var lo = fma(vec4f(r.x), w[0][0], c[0]);
  if (KW > 1u) { lo = fma(vec4f(r.y), w[1][0], lo); }
  if (KW > 2u) { lo = fma(vec4f(r.z), w[2][0], lo); }
  if (KW > 3u) { lo = fma(vec4f(r.w), w[3][0], lo); }
  if (KW > 4u) { lo = fma(vec4f(last), w[4][0], lo); }
  var hi = fma(vec4f(r.x), w[0][1], c[1]);
  if (KW > 1u) { hi = fma(vec4f(r.y), w[1][1], hi); }
  if (KW > 2u) { hi = fma(vec4f(r.z), w[2][1], hi); }
  if (KW > 3u) { hi = fma(vec4f(r.w), w[3][1], hi); }
  if (KW > 4u) { hi = fma(vec4f(last), w[4][1], hi); }
  return mat2x4f(lo, hi);
}

// A row of taps for the run whose inputs begin at `at`.
fn step(c: ptr<function, Run>, at: u32, w: Taps) {
  var r: array<vec4f, 5>;
  r[0] = x[at];
  r[1] = x[at + 1u];
  if (VECS > 2u) { r[2] = x[at + 2u]; }
  if (VECS > 3u) { r[3] = x[at + 3u]; }
  if (VECS > 4u) { r[4] = x[at + 4u]; }
  (*c)[0] = taps((*c)[0], r[0], r[1].x, w);
  (*c)[1] = taps((*c)[1], vec4f(r[0].yzw, r[1].x), r[1].y, w);
  (*c)[2] = taps((*c)[2], vec4f(r[0].zw, r[1].xy), r[1].z, w);
  (*c)[3] = taps((*c)[3], vec4f(r[0].w, r[1].xyz), r[1].w, w);
  (*c)[4] = taps((*c)[4], r[1], r[2].x, w);
  (*c)[5] = taps((*c)[5], vec4f(r[1].yzw, r[2].x), r[2].y, w);
  (*c)[6] = taps((*c)[6], vec4f(r[1].zw, r[2].xy), r[2].z, w);
  (*c)[7] = taps((*c)[7], vec4f(r[1].w, r[2].xyz), r[2].w, w);
  if (UNIT > 8u) {
    (*c)[8] = taps((*c)[8], r[2], r[3].x, w);
    (*c)[9] = taps((*c)[9], vec4f(r[2].yzw, r[3].x), r[3].y, w);
    (*c)[10] = taps((*c)[10], vec4f(r[2].zw, r[3].xy), r[3].z, w);
    (*c)[11] = taps((*c)[11], vec4f(r[2].w, r[3].xyz), r[3].w, w);
    (*c)[12] = taps((*c)[12], r[3], r[4].x, w);
    (*c)[13] = taps((*c)[13], vec4f(r[3].yzw, r[4].x), r[4].y, w);
  }
}

// Where a run's outputs go: `at` is that of its first output in channel `o`.
struct Place { at: u32, col: u32, o: u32 }

fn store(c: mat2x4f, place: Place, p: u32) {
  if (place.col + p >= params.width) { return; }
  let plane = params.height * params.width;
  let at = place.at + p;
  var lo = c[0];
  var hi = c[1];
  // select, not max: max(NaN, 0.0) is 0.0 on some devices
  if (RELU) {
    lo = select(lo, vec4f(), lo <= vec4f());
    hi = select(hi, vec4f(), hi <= vec4f());
  }
  let left = params.outputs - place.o;
  y[at] = lo.x;
  if (left > 1u) { y[at + plane] = lo.y; }
  if (left > 2u) { y[at + 2u * plane] = lo.z; }
  if (left > 3u) { y[at + 3u * plane] = lo.w; }
  if (left > 4u) { y[at + 4u * plane] = hi.x; }
  if (left > 5u) { y[at + 5u * plane] = hi.y; }
  if (left > 6u) { y[at + 6u * plane] = hi.z; }
  if (left > 7u) { y[at + 7u * plane] = hi.w; }
}

fn store_run(c: ptr<function, Run>, place: Place) {
  store((*c)[0], place, 0u);
  store((*c)[1], place, 1u);
  store((*c)[2], place, 2u);
  store((*c)[3], place, 3u);
  store((*c)[4], place, 4u);
  store((*c)[5], place, 5u);
  store((*c)[6], place, 6u);
  store((*c)[7], place, 7u);
  if (UNIT > 8u) {
    store((*c)[8], place, 8u);
    store((*c)[9], place, 9u);
    store((*c)[10], place, 10u);
    store((*c)[11], place, 11u);
    store((*c)[12], place, 12u);
    store((*c)[13], place, 13u);
  }
}

fn bias8(o: u32) -> mat2x4f {
  if (!BIAS) { return mat2x4f(); }
  let at = params.bias_offset;
  let last = params.outputs * params.groups - 1u;
  return mat2x4f(
    vec4f(
      bias[at + o],
      bias[at + min(o + 1u, last)],
      bias[at + min(o + 2u, last)],
      bias[at + min(o + 3u, last)],
    ),
    vec4f(
      bias[at + min(o + 4u, last)],
      bias[at + min(o + 5u, last)],
      bias[at + min(o + 6u, last)],
      bias[at + min(o + 7u, last)],
    ),
  );
}

fn filled(c: mat2x4f) -> Run {
  return Run(c, c, c, c, c, c, c, c, c, c, c, c, c, c);
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 8u + lane;
  let runs = params.height * params.segments; // of an image
  let jobs = (runs + UNITS - 1u) / UNITS;
  if (index >= jobs * params.images * params.blocks * params.groups) { return; }
  let job = index % jobs;
  let image = index / jobs % params.images;
  let block = index / jobs / params.images;
  let part = block / params.blocks; // group of channels
  let o = block % params.blocks * 8u;

  // Past the end, an invocation repeats the image's last run.
  let run0 = job * UNITS;
  let run1 = min(run0 + 1u, runs - 1u);
  let run2 = min(run0 + 2u, runs - 1u);
  let run3 = min(run0 + 3u, runs - 1u);
  let row_size = params.segments * VECS;
  let plane_size = params.rows * row_size;
  var x_at = (image * params.groups + part) * params.channels * plane_size;
  var w_at = block * params.channels * params.kh * KW * 2u;
  let start = bias8(part * params.outputs + o);
  var c0 = filled(start);
  var c1 = filled(start);
  var c2 = filled(start);
  var c3 = filled(start);
  for (var channel = 0u; channel < params.channels; channel++) {
    for (var u = 0u; u < params.kh; u++) {
      var taps: Taps;
      taps[0] = mat2x4f(w[w_at], w[w_at + 1u]);
      if (KW > 1u) { taps[1] = mat2x4f(w[w_at + 2u], w[w_at + 3u]); }
      if (KW > 2u) { taps[2] = mat2x4f(w[w_at + 4u], w[w_at + 5u]); }
      if (KW > 3u) { taps[3] = mat2x4f(w[w_at + 6u], w[w_at + 7u]); }
      if (KW > 4u) { taps[4] = mat2x4f(w[w_at + 8u], w[w_at + 9u]); }
      w_at += KW * 2u;
      let at = x_at + u * row_size;
      step(&c0, at + run0 * VECS, taps);
      step(&c1, at + run1 * VECS, taps);
      if (UNITS > 2u) {
        step(&c2, at + run2 * VECS, taps);
        step(&c3, at + run3 * VECS, taps);
      }
    }
    x_at += plane_size;
  }

  let first = ((image + params.first_image) * params.groups + part) * params.outputs + o;
  store_run(&c0, place(first, run0, o));
  store_run(&c1, place(first, run1, o));
  if (UNITS > 2u) {
    store_run(&c2, place(first, run2, o));
    store_run(&c3, place(first, run3, o));
  }
}

fn place(channel: u32, run: u32, o: u32) -> Place {
  let row = run / params.segments;
  let col = min(run % params.segments * UNIT, params.last);
  return Place((channel * params.height + row) * params.width + col, col, o);
}
