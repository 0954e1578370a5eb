// conv_dw_depthwise: dw[s, o, u, v] = sum over the images of split s, i and j of
// dy[n, o, i, j] * x[n, o / outputs, i * STEP + u - pad_h, j * STEP + v - PAD]: the
// gradient of conv_depthwise to its filters.
//
// An invocation makes a filter. It walks down 8 / STEP columns of dy at a time; the
// KH lines of 16 inputs that a row of dy meets stay in registers, and STEP of them
// are loaded for each row.
//
// prepended  FIRST, Line, Taps and their functions (lib/conv_lines.wgsl)
//            KH, KW: u32, size of the filters, 7 at most
//            STEP: u32, stride, 1 or 2, of rows and columns
//            PAD: u32, zeros on the left, 4 at most, and KW - PAD 4 + STEP at most
//            WG: u32, invocations of a workgroup
// x          f32 [images, groups, in_height, 4 * vecs], contiguous, as vec4; zeros
//            where rows were filled up
// dy         f32 [images, groups * outputs, height, 4 * dy_vecs], likewise
// dw         f32 [splits, split_size], of each split the first groups * outputs *
//            KH * KW
// dispatch   WG invocations a workgroup, folded over x and y

struct Params {
  images: u32, groups: u32, outputs: u32, in_height: u32, vecs: u32,
  height: u32, dy_vecs: u32, pad_h: u32, blocks: u32,
  splits: u32, split_images: u32, split_size: u32,
  x_offset: u32, dy_offset: u32, dw_offset: u32, // x_offset, dy_offset in vec4
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// 8 / STEP columns of dy; two vec4 are added one after the other.
struct Run { lo: vec4f, hi: vec4f }

fn tap(sum: f32, d: Run, r: Line, v: u32) -> f32 {
  let p = four(r, FIRST + v);
  let lo = fma(d.lo.w, p.w, fma(d.lo.z, p.z, fma(d.lo.y, p.y, fma(d.lo.x, p.x, sum))));
  if (STEP > 1u) { return lo; }
  let q = four(r, FIRST + v + 4u);
  return fma(d.hi.w, q.w, fma(d.hi.z, q.z, fma(d.hi.y, q.y, fma(d.hi.x, q.x, lo))));
}

fn add(g: Taps, d: Run, r: Line) -> Taps {
  var sum = g;
  sum[0] = tap(g[0], d, r, 0u);
  if (KW > 1u) { sum[1] = tap(g[1], d, r, 1u); }
  if (KW > 2u) { sum[2] = tap(g[2], d, r, 2u); }
  if (KW > 3u) { sum[3] = tap(g[3], d, r, 3u); }
  if (KW > 4u) { sum[4] = tap(g[4], d, r, 4u); }
  if (KW > 5u) { sum[5] = tap(g[5], d, r, 5u); }
  if (KW > 6u) { sum[6] = tap(g[6], d, r, 6u); }
  return sum;
}

fn store(g: Taps, at: u32) {
  dw[at] = g[0];
  if (KW > 1u) { dw[at + 1u] = g[1]; }
  if (KW > 2u) { dw[at + 2u] = g[2]; }
  if (KW > 3u) { dw[at + 3u] = g[3]; }
  if (KW > 4u) { dw[at + 4u] = g[4]; }
  if (KW > 5u) { dw[at + 5u] = g[5]; }
  if (KW > 6u) { dw[at + 6u] = g[6]; }
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let channels = params.groups * params.outputs;
  let split = index / channels;
  if (split >= params.splits) { return; }
  let o = index - split * channels;
  let part = o / params.outputs;

  var g0: Taps;
  var g1: Taps;
  var g2: Taps;
  var g3: Taps;
  var g4: Taps;
  var g5: Taps;
  var g6: Taps;
  let end = min((split + 1u) * params.split_images, params.images);
  for (var image = split * params.split_images; image < end; image++) {
    let plane = params.x_offset
      + (image * params.groups + part) * params.in_height * params.vecs;
    let dy_plane = params.dy_offset
      + (image * channels + o) * params.height * params.dy_vecs;
    for (var block = 0u; block < params.blocks; block++) {
      let at = 2u * block;
      // Lines KH - STEP are loaded before the first row of dy, the others with each.
      var r0: Line;
      var r1: Line;
      var r2: Line;
      var r3: Line;
      var r4: Line;
      var r5: Line;
      var r6: Line;
      var row = 0u - params.pad_h;
      if (STEP == 1u) {
        if (KH > 1u) { r1 = load(plane, row, at); }
        if (KH > 2u) { r2 = load(plane, row + 1u, at); }
        if (KH > 3u) { r3 = load(plane, row + 2u, at); }
        if (KH > 4u) { r4 = load(plane, row + 3u, at); }
        if (KH > 5u) { r5 = load(plane, row + 4u, at); }
        if (KH > 6u) { r6 = load(plane, row + 5u, at); }
      } else {
        if (KH > 2u) { r2 = load(plane, row, at); }
        if (KH > 3u) { r3 = load(plane, row + 1u, at); }
        if (KH > 4u) { r4 = load(plane, row + 2u, at); }
        if (KH > 5u) { r5 = load(plane, row + 3u, at); }
        if (KH > 6u) { r6 = load(plane, row + 4u, at); }
      }
      for (var i = 0u; i < params.height; i++) {
        let last = row + KH - 1u;
        if (STEP == 1u) {
          if (KH > 1u) { r0 = r1; }
          if (KH > 2u) { r1 = r2; }
          if (KH > 3u) { r2 = r3; }
          if (KH > 4u) { r3 = r4; }
          if (KH > 5u) { r4 = r5; }
          if (KH > 6u) { r5 = r6; }
        } else {
          if (KH > 2u) { r0 = r2; }
          if (KH > 3u) { r1 = r3; }
          if (KH > 4u) { r2 = r4; }
          if (KH > 5u) { r3 = r5; }
          if (KH > 6u) { r4 = r6; }
          if (KH == 2u) { r0 = load(plane, last - 1u, at); }
          if (KH == 3u) { r1 = load(plane, last - 1u, at); }
          if (KH == 4u) { r2 = load(plane, last - 1u, at); }
          if (KH == 5u) { r3 = load(plane, last - 1u, at); }
          if (KH == 6u) { r4 = load(plane, last - 1u, at); }
          if (KH == 7u) { r5 = load(plane, last - 1u, at); }
        }
        let line = load(plane, last, at);
        if (KH == 1u) { r0 = line; }
        if (KH == 2u) { r1 = line; }
        if (KH == 3u) { r2 = line; }
        if (KH == 4u) { r3 = line; }
        if (KH == 5u) { r4 = line; }
        if (KH == 6u) { r5 = line; }
        if (KH == 7u) { r6 = line; }
        row += STEP;

        // written out: naga gives variables of a loop their zeros but once
        var d = Run();
        let dy_row = dy_plane + i * params.dy_vecs;
        if (STEP == 1u) {
          d.lo = dy[dy_row + at];
          if (at + 1u < params.dy_vecs) { d.hi = dy[dy_row + at + 1u]; }
        } else {
          d.lo = dy[dy_row + block];
        }
        g0 = add(g0, d, r0);
        if (KH > 1u) { g1 = add(g1, d, r1); }
        if (KH > 2u) { g2 = add(g2, d, r2); }
        if (KH > 3u) { g3 = add(g3, d, r3); }
        if (KH > 4u) { g4 = add(g4, d, r4); }
        if (KH > 5u) { g5 = add(g5, d, r5); }
        if (KH > 6u) { g6 = add(g6, d, r6); }
      }
    }
  }

  let to = params.dw_offset + split * params.split_size + o * KH * KW;
  store(g0, to);
  if (KH > 1u) { store(g1, to + KW); }
  if (KH > 2u) { store(g2, to + 2u * KW); }
  if (KH > 3u) { store(g3, to + 3u * KW); }
  if (KH > 4u) { store(g4, to + 4u * KW); }
  if (KH > 5u) { store(g5, to + 5u * KW); }
  if (KH > 6u) { store(g6, to + 6u * KW); }
}
