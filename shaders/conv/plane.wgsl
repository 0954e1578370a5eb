// conv_plane: y[n, o, i, j] = epilogue(sum over c, u, v of x * w[o, c, u, v]) for
// groups of few output channels (depthwise), on adapters that are CPUs.
//
// An invocation makes a run of one channel; with SLIDE, its inputs move along.
//
// prepended  Params, Run, Taps and their functions (lib/gather.wgsl and
//            lib/gather_runs.wgsl)
//            SLIDE: bool, for step_w, up_w and dil_w of 1
//            FLIP: bool, filters are turned by half a turn
//            BIAS: bool, the epilogue adds bias[o]
//            put(i, x: f32), which writes to y and may do more
// x          f32 [images, groups * channels, in_height, in_width], contiguous
// w          f32, strides of group, output, input in elements; taps contiguous
// bias       f32 [groups * outputs]; any buffer without BIAS
// y          f32 [images, groups * outputs, height, width], contiguous
// dispatch   8 invocations a workgroup, folded over x and y

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

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

  let rows = taps_of_row(i);
  let cols = taps_of_column(first_col);
  let left = cols.input + segment * RUN * u32(params.step_w);
  let step = u32(params.step_w);
  let plane = params.in_height * params.in_width;
  var x_at = params.x_offset + (image * params.groups + part) * params.channels * plane;
  var w_at = params.w_offset + part * params.w_group
    + channel % params.outputs * params.w_output;
  var c: array<f32, RUN>;
  for (var input = 0u; input < params.channels; input++) {
    for (var u = 0u; u < rows.count; u++) {
      let in_row = rows.input + u * params.hop_h;
      if (in_row >= params.in_height) { continue; }
      let row = x_at + in_row * params.in_width;
      let tap_row = (rows.first + u * params.every_h) * params.kw + cols.first;
      var r: Run;
      if (SLIDE) { r = load_run(row, left - 1u, 1u); } // moved on before its use
      for (var v = 0u; v < cols.count; v++) {
        let nth = tap_row + v * params.every_w;
        let tap = w[w_at + select(nth, params.kh * params.kw - 1u - nth, FLIP)];
        if (SLIDE) {
          r = moved(r, load(row, left + v + RUN - 1u));
        } else {
          r = load_run(row, left + v * params.hop_w, step);
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
      }
    }
    x_at += plane;
    w_at += params.w_input;
  }

  let col = first_col + segment * RUN * up_w;
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
