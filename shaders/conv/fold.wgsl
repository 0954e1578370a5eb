// conv_fold: the sums that undo conv_unfold, a convolution's gradient to its input
// from those of the columns:
//
// dx[n, g, c, y, x] = sum over u, v of cols[n, g, (c, u, v), (i, j)] where
// y = i * step_h + u * dil_h - pad_h, and x likewise
//
// cols      f32 [images, groups, channels * kh * kw, height * width], contiguous
// dx        f32 [images, groups, channels, in_height, in_width], contiguous
// dispatch  8 invocations a workgroup along x, groups * channels / 8, rounded up,
//           along y, images along z; an invocation makes 4 outputs of one row, step_w
//           apart so that they need the same taps, in 8 channels
//
// On Mesa's lavapipe a division costs as much as 4 loads: hence the three axes, and
// 8 channels for the divisions of one.
//
// Of the taps of a row or column every `every`th meets a whole position; from one
// to the next the position moves back by `hop`.

struct Params {
  channels: u32, groups: u32, in_height: u32, in_width: u32, height: u32, width: u32,
  kh: u32, kw: u32, step_h: u32, step_w: u32, dil_h: u32, dil_w: u32,
  pad_h: u32, pad_w: u32, every_h: u32, every_w: u32, hop_h: u32, hop_w: u32,
  runs: u32, phase_rows: u32, dx_offset: u32,
}

@group(0) @binding(0) var<storage, read> cols: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

// The taps in one direction that an output needs: from `first` on, the position of
// the first of them, which wraps around below 0.
struct Taps { first: u32, position: u32 }

fn taps(at: u32, dil: u32, step: u32, size: u32, every: u32) -> Taps {
  var first = 0u;
  // unsigned, with a multiple of step added that keeps it above 0
  let far = at + size * dil * step;
  while (first < every && (far - first * dil) % step != 0u) { first++; }
  if (first == every) { return Taps(size, 0u); }
  return Taps(first, (far - first * dil) / step - size * dil);
}

fn load(line: u32, row: u32, col: u32) -> f32 {
  let inside = row < params.height && col < params.width;
  let at = (line * params.height + row) * params.width + col;
  return select(0.0, cols[select(0u, at, inside)], inside);
}

fn store(at: u32, col: u32, value: f32) {
  if (col < params.in_width) { dx[at + col] = value; }
}

// 4 outputs of one plane from column `col` of a row on.
fn make(plane: u32, down: Taps, right: Taps, row: u32, col: u32) {
  var sum: vec4f;
  var i = down.position;
  for (var u = down.first; u < params.kh; u += params.every_h) {
    var j = right.position;
    for (var v = right.first; v < params.kw; v += params.every_w) {
      let line = (plane * params.kh + u) * params.kw + v;
      sum += vec4f(
        load(line, i, j),
        load(line, i, j + 1u),
        load(line, i, j + 2u),
        load(line, i, j + 3u),
      );
      j -= params.hop_w;
    }
    i -= params.hop_h;
  }
  let at = params.dx_offset + (plane * params.in_height + row) * params.in_width;
  store(at, col, sum.x);
  store(at, col + params.step_w, sum.y);
  store(at, col + 2u * params.step_w, sum.z);
  store(at, col + 3u * params.step_w, sum.w);
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Neighbouring lanes take neighbouring runs of one phase: the outputs that need
  // the same taps, step_h rows and step_w columns apart.
  let index = group.x * 8u + lane;
  let line_of_runs = index / params.runs;
  let run = index - line_of_runs * params.runs;
  let phase = line_of_runs / params.phase_rows;
  let phase_row = phase / params.step_w;
  let row = (line_of_runs - phase * params.phase_rows) * params.step_h + phase_row;
  if (phase_row >= params.step_h || row >= params.in_height) { return; }
  let col = run * 4u * params.step_w + phase - phase_row * params.step_w;
  let down = taps(row + params.pad_h, params.dil_h, params.step_h, params.kh, params.every_h);
  let right = taps(col + params.pad_w, params.dil_w, params.step_w, params.kw, params.every_w);
  let planes = params.groups * params.channels;
  let end = group.z * planes + min(8u * group.y + 8u, planes);
  for (var plane = group.z * planes + 8u * group.y; plane < end; plane++) {
    make(plane, down, right, row, col);
  }
}
