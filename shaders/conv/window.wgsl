// conv_window: y[n, o, i, j] = epilogue(sum over c, u, v of x * w[o, c, u, v]) for
// filters of any size, stride and dilation, on adapters that are CPUs.
//
// An invocation makes a run in 8 channels; with SLIDE, its inputs move along.
//
// prepended  Params, Run, Taps and their functions (lib/gather.wgsl and
//            lib/gather_runs.wgsl)
//            SLIDE: bool, for step_w, up_w and dil_w of 1
//            BIAS: bool, the epilogue adds bias[o]
//            put(i, x: f32), which writes to y and may do more
// x          f32 [images, groups * channels, in_height, in_width], contiguous
// w          f32 [groups, blocks, channels, kh, kw, 8] as vec4 (conv_pack_weights)
// bias       f32 [groups * outputs]; any buffer without BIAS
// y          f32 [images, groups * outputs, height, width], contiguous
// dispatch   8 invocations a workgroup, folded over x and y
//
// 64 images, 32 to 64 channels of 14 x 14, 3 x 3 taps on Mesa's lavapipe, GFLOP/s:
// one output an invocation 2, this kernel 16, with SLIDE 28; conv_units, where it
// applies, 46.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn add(c: mat2x4f, r: f32, lo: vec4f, hi: vec4f) -> mat2x4f {
  return mat2x4f(fma(vec4f(r), lo, c[0]), fma(vec4f(r), hi, c[1]));
}

// Where the outputs go: `at` is that of column `col` in channel `o` of its group.
struct Place { at: u32, col: u32, o: u32, channel: u32 }

fn store1(value: f32, at: u32, place: Place, e: u32) {
  if (place.o + e >= params.outputs) { return; }
  var out = value;
  if (BIAS) { out += bias[params.bias_offset + place.channel + e]; }
  put(at + e * params.height * params.width, out);
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
  // Outputs that need the same taps of a filter are up_h rows and up_w columns
  // apart, a phase; lanes next to each other are of one phase.
  let up_h = u32(params.up_h);
  let up_w = u32(params.up_w);
  let phase_rows = (params.height + up_h - 1u) / up_h;
  let jobs = params.segments * phase_rows * params.images;
  if (index >= jobs * up_h * up_w * params.blocks * params.groups) { return; }
  let segment = index % params.segments;
  let phase = index / jobs % (up_h * up_w);
  let i = index / params.segments % phase_rows * up_h + phase / up_w;
  if (i >= params.height) { return; }
  let first_col = phase % up_w;
  let image = index / params.segments / phase_rows % params.images;
  let block = index / jobs / up_h / up_w;
  let part = block / params.blocks; // group of channels

  let rows = taps_of_row(i);
  let cols = taps_of_column(first_col);
  let left = cols.input + segment * RUN * u32(params.step_w);
  let step = u32(params.step_w);
  let plane = params.in_height * params.in_width;
  var x_at = params.x_offset + (image * params.groups + part) * params.channels * plane;
  var w_at = (block * params.channels * params.kh + rows.first) * params.kw + cols.first;
  var c: array<mat2x4f, RUN>;
  for (var channel = 0u; channel < params.channels; channel++) {
    for (var u = 0u; u < rows.count; u++) {
      let in_row = rows.input + u * params.hop_h;
      if (in_row >= params.in_height) { continue; }
      let row = x_at + in_row * params.in_width;
      let w_row = w_at + u * params.every_h * params.kw;
      var r: Run;
      if (SLIDE) { r = load_run(row, left - 1u, 1u); } // moved on before its use
      for (var v = 0u; v < cols.count; v++) {
        let tap = w_row + v * params.every_w;
        let lo = w[2u * tap];
        let hi = w[2u * tap + 1u];
        if (SLIDE) {
          r = moved(r, load(row, left + v + RUN - 1u));
        } else {
          r = load_run(row, left + v * params.hop_w, step);
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
      }
    }
    x_at += plane;
    w_at += params.kh * params.kw;
  }

  let o = block % params.blocks * 8u;
  let channel = part * params.outputs + o;
  let col = first_col + segment * RUN * up_w;
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
