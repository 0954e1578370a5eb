// conv_dw_rows: dw[s, o, c, u, v] = sum over the images of split s, i and j of
// dy[n, o, i, j] * x[n, c, i + u, j + v], stride and dilation 1: the gradient of a
// convolution to its weights, on adapters that are CPUs.
//
// An invocation makes the filter rows of ROWS / KH input channels for 8 output
// channels, all in registers. A step of its loop is 4 columns of one row of dy:
// it loads them as vec4 in 8 channels, and ROWS rows of x as 2 vec4 each.
//
// prepended  KH, KW: u32, size of the filter, KH 1 to 6, KW 1 to 5
//            ROWS: u32, a multiple of KH, 6 at most
// x          f32 [images, groups * channels, rows, vecs + 1 vec4], padded with
//            zeros (conv_tile_input)
// dy         f32 [images, groups * outputs, height, vecs vec4], padded with zeros
// dw         f32 [splits, split_size], of each split the first groups * outputs *
//            channels * KH * KW
// dispatch   8 invocations a workgroup, folded over x and y
// edges      channels past the end repeat the last one and store nothing
//
// 64 images, 32 to 64 channels, 24 x 24 outputs, 3 x 3 taps, GFLOP/s (./run bench
// convbwd): scalar loads, 14 columns a step 10; 2 columns a step 33 (a body that
// fits the instruction cache); vec4 loads 40.

struct Params {
  images: u32, channels: u32, outputs: u32, groups: u32, // per group, both
  rows: u32, height: u32, vecs: u32,
  channel_tiles: u32, output_tiles: u32,
  splits: u32, split_images: u32, split_size: u32, dw_offset: u32,
  dy_offset: u32, // in vec4
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const CHANNELS = ROWS / KH;

// Rows of filters for one output channel: taps 0 to 3, and tap 4.
struct Filters { four: array<vec4f, 6>, last: array<f32, 6> }

// Inputs j to j + 3 and j + 4 to j + 7 of each row.
struct Inputs { lo: array<vec4f, 6>, hi: array<vec4f, 6> }

fn four(sum: vec4f, d: vec4f, lo: vec4f, hi: vec4f) -> vec4f {
  return fma(vec4f(d.w), vec4f(lo.w, hi.xyz),
    fma(vec4f(d.z), vec4f(lo.zw, hi.xy),
      fma(vec4f(d.y), vec4f(lo.yzw, hi.x), fma(vec4f(d.x), lo, sum))));
}

fn last(sum: f32, d: vec4f, hi: vec4f) -> f32 {
  return fma(d.w, hi.w, fma(d.z, hi.z, fma(d.y, hi.y, fma(d.x, hi.x, sum))));
}

fn line(g: ptr<function, Filters>, d: vec4f, r: Inputs, e: u32) {
  (*g).four[e] = four((*g).four[e], d, r.lo[e], r.hi[e]);
  if (KW > 4u) { (*g).last[e] = last((*g).last[e], d, r.hi[e]); }
}

// 4 columns of dy for one output channel and all rows of x.
fn step(g: ptr<function, Filters>, d: vec4f, r: Inputs) {
  line(g, d, r, 0u);
  if (ROWS > 1u) { line(g, d, r, 1u); }
  if (ROWS > 2u) { line(g, d, r, 2u); }
  if (ROWS > 3u) { line(g, d, r, 3u); }
  if (ROWS > 4u) { line(g, d, r, 4u); }
  if (ROWS > 5u) { line(g, d, r, 5u); }
}

// What an invocation makes: filters of channels from `c` and outputs from `o` on.
struct Place { base: u32, c: u32, o: u32 }

fn store_row(g: ptr<function, Filters>, at: u32, c: u32, e: u32) {
  if (c + e / KH >= params.channels) { return; }
  let to = at + e * KW;
  dw[to] = (*g).four[e].x;
  if (KW > 1u) { dw[to + 1u] = (*g).four[e].y; }
  if (KW > 2u) { dw[to + 2u] = (*g).four[e].z; }
  if (KW > 3u) { dw[to + 3u] = (*g).four[e].w; }
  if (KW > 4u) { dw[to + 4u] = (*g).last[e]; }
}

fn store(g: ptr<function, Filters>, place: Place, i: u32) {
  let o = place.o + i;
  if (o >= params.outputs) { return; }
  let at = place.base + (o * params.channels + place.c) * KH * KW;
  store_row(g, at, place.c, 0u);
  if (ROWS > 1u) { store_row(g, at, place.c, 1u); }
  if (ROWS > 2u) { store_row(g, at, place.c, 2u); }
  if (ROWS > 3u) { store_row(g, at, place.c, 3u); }
  if (ROWS > 4u) { store_row(g, at, place.c, 4u); }
  if (ROWS > 5u) { store_row(g, at, place.c, 5u); }
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 8u + lane;
  let tiles = params.channel_tiles * params.output_tiles;
  if (index >= tiles * params.groups * params.splits) { return; }
  let c = index % params.channel_tiles * CHANNELS;
  let o = index / params.channel_tiles % params.output_tiles * 8u;
  let part = index / tiles % params.groups; // group of channels
  let split = index / tiles / params.groups;

  // From the first vec4 of an image: row e of x, channel e of dy.
  let x_row = params.vecs + 1u;
  let x_plane = params.rows * x_row;
  let dy_plane = params.height * params.vecs;
  let c_last = params.channels - 1u;
  let o_last = params.outputs - 1u;
  let x_part = part * params.channels;
  let dy_part = part * params.outputs;
  let x_of = array<u32, 6>(
    (x_part + min(c + 0u / KH, c_last)) * x_plane + 0u % KH * x_row,
    (x_part + min(c + 1u / KH, c_last)) * x_plane + 1u % KH * x_row,
    (x_part + min(c + 2u / KH, c_last)) * x_plane + 2u % KH * x_row,
    (x_part + min(c + 3u / KH, c_last)) * x_plane + 3u % KH * x_row,
    (x_part + min(c + 4u / KH, c_last)) * x_plane + 4u % KH * x_row,
    (x_part + min(c + 5u / KH, c_last)) * x_plane + 5u % KH * x_row,
  );
  let dy_of = array<u32, 8>(
    (dy_part + min(o + 0u, o_last)) * dy_plane,
    (dy_part + min(o + 1u, o_last)) * dy_plane,
    (dy_part + min(o + 2u, o_last)) * dy_plane,
    (dy_part + min(o + 3u, o_last)) * dy_plane,
    (dy_part + min(o + 4u, o_last)) * dy_plane,
    (dy_part + min(o + 5u, o_last)) * dy_plane,
    (dy_part + min(o + 6u, o_last)) * dy_plane,
    (dy_part + min(o + 7u, o_last)) * dy_plane,
  );
  var g0: Filters;
  var g1: Filters;
  var g2: Filters;
  var g3: Filters;
  var g4: Filters;
  var g5: Filters;
  var g6: Filters;
  var g7: Filters;
  let end = min((split + 1u) * params.split_images, params.images);
  for (var image = split * params.split_images; image < end; image++) {
    for (var i = 0u; i < params.height; i++) {
      let x_at = image * params.groups * params.channels * x_plane + i * x_row;
      let dy_at = params.dy_offset + image * params.groups * params.outputs * dy_plane
        + i * params.vecs;
      for (var j = 0u; j < params.vecs; j++) {
        let xj = x_at + j;
        let dj = dy_at + j;
        var r: Inputs;
        r.lo[0] = x[xj + x_of[0]];
        if (KW > 1u) { r.hi[0] = x[xj + x_of[0] + 1u]; }
        if (ROWS > 1u) {
          r.lo[1] = x[xj + x_of[1]];
          if (KW > 1u) { r.hi[1] = x[xj + x_of[1] + 1u]; }
        }
        if (ROWS > 2u) {
          r.lo[2] = x[xj + x_of[2]];
          if (KW > 1u) { r.hi[2] = x[xj + x_of[2] + 1u]; }
        }
        if (ROWS > 3u) {
          r.lo[3] = x[xj + x_of[3]];
          if (KW > 1u) { r.hi[3] = x[xj + x_of[3] + 1u]; }
        }
        if (ROWS > 4u) {
          r.lo[4] = x[xj + x_of[4]];
          if (KW > 1u) { r.hi[4] = x[xj + x_of[4] + 1u]; }
        }
        if (ROWS > 5u) {
          r.lo[5] = x[xj + x_of[5]];
          if (KW > 1u) { r.hi[5] = x[xj + x_of[5] + 1u]; }
        }
        step(&g0, dy[dj + dy_of[0]], r);
        step(&g1, dy[dj + dy_of[1]], r);
        step(&g2, dy[dj + dy_of[2]], r);
        step(&g3, dy[dj + dy_of[3]], r);
        step(&g4, dy[dj + dy_of[4]], r);
        step(&g5, dy[dj + dy_of[5]], r);
        step(&g6, dy[dj + dy_of[6]], r);
        step(&g7, dy[dj + dy_of[7]], r);
      }
    }
  }

  let base = params.dw_offset + split * params.split_size
    + part * params.outputs * params.channels * KH * KW;
  let place = Place(base, c, o);
  store(&g0, place, 0u);
  store(&g1, place, 1u);
  store(&g2, place, 2u);
  store(&g3, place, 3u);
  store(&g4, place, 4u);
  store(&g5, place, 5u);
  store(&g6, place, 6u);
  store(&g7, place, 7u);
}
