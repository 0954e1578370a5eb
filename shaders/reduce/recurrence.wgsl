// recurrence: y[o, r, i] = b[o, r, i] + a[o, r, i] * y[o, r - 1, i], each part
// going on from the last y of the part before it. With FOLDS, instead of the
// elements, what a part as a whole does: y_end = slope * y_before + start.
//
// prepended  FOLDS: bool; BACKWARD: bool, whether r counts from the end
// a, b       f32 [outer, length, inner], row-major from their offsets on
// carry      f32 [outer, parts, inner]: the last y of each part; without FOLDS
// y          f32 [outer, length, inner], row-major; with FOLDS the slopes [outer,
//            parts, inner], and the starts after them
// dispatch   outer * parts * inner invocations, folded over x and y
// special    a 0 times infinity or NaN is NaN: nothing is skipped

struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  parts: u32,
  run: u32,
  a_offset: u32,
  b_offset: u32,
}

const GROUP = 64u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> carry: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let k = id.y * groups.x * GROUP + id.x;
  let cells = params.outer * params.parts * params.inner;
  if (k >= cells) { return; } // guard
  let i = k % params.inner;
  let part = (k / params.inner) % params.parts;
  let o = k / (params.inner * params.parts);
  let first = part * params.run;
  let count = min(params.run, params.length - min(first, params.length));
  var slope = 1.0;
  var value = 0.0;
  if (!FOLDS && part > 0u) { value = carry[k - params.inner]; }
  for (var n = 0u; n < count; n++) {
    let r = select(first + n, params.length - 1u - first - n, BACKWARD);
    let at = (o * params.length + r) * params.inner + i;
    let factor = a[params.a_offset + at];
    let begins = first + n == 0u || (FOLDS && n == 0u);
    value = b[params.b_offset + at] + select(factor * value, 0.0, begins);
    slope *= factor;
    if (!FOLDS) { y[at] = value; }
  }
  if (FOLDS) {
    y[k] = slope;
    y[cells + k] = value;
  }
}
