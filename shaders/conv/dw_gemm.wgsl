// conv_dw_gemm: dw[s, o, c, u, v] = sum over the positions (n, i, j) of split s of
// dy[n, o, i, j] * x[n, c, i * step_h + u * dil_h - pad_h, ...], where that lies
// inside the image, for GPUs: a product of matrices that are never stored,
// channels o by positions times positions by (c, u, v).
//
// A workgroup makes 64 channels x 64 taps from slices of 16 positions in workgroup
// memory, an invocation 4 x 4 of them, 16 apart in both directions.
//
// x          f32 [images, groups * channels, in_height, in_width], contiguous
// dy         f32 [images, groups * outputs, height, width], contiguous
// dw         f32 [splits, split_size], of each split the first groups * outputs *
//            channels * kh * kw
// dispatch   one workgroup a tile, folded over x and y, taps first

struct Params {
  images: u32, channels: u32, outputs: u32, groups: u32, // per group, both
  in_height: i32, in_width: i32, height: u32, width: u32, kh: u32, kw: u32,
  step_h: i32, step_w: i32, dil_h: i32, dil_w: i32, pad_h: i32, pad_w: i32,
  splits: u32, split_positions: u32, split_size: u32, x_offset: u32, dy_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const TILE = 64u;
const DEPTH = 16u;

// [DEPTH][TILE] each: one step of the sum after the other.
var<workgroup> a_tile: array<f32, 1024>;
var<workgroup> b_tile: array<f32, 1024>;

fn load_dy(part: u32, o: u32, k: u32, end: u32) -> f32 {
  if (o >= params.outputs || k >= end) { return 0.0; }
  let plane = params.height * params.width;
  let channel = (k / plane * params.groups + part) * params.outputs + o;
  return dy[params.dy_offset + channel * plane + k % plane];
}

fn load_x(part: u32, tap: u32, k: u32, end: u32) -> f32 {
  let taps = params.kh * params.kw;
  let c = tap / taps;
  if (c >= params.channels || k >= end) { return 0.0; }
  let plane = params.height * params.width;
  let i = i32(k % plane / params.width);
  let j = i32(k % params.width);
  let row = i * params.step_h + i32(tap % taps / params.kw) * params.dil_h - params.pad_h;
  let col = j * params.step_w + i32(tap % params.kw) * params.dil_w - params.pad_w;
  let inside = row >= 0 && row < params.in_height && col >= 0 && col < params.in_width;
  if (!inside) { return 0.0; }
  let channel = (k / plane * params.groups + part) * params.channels + c;
  let line = channel * u32(params.in_height) + u32(row);
  return x[params.x_offset + line * u32(params.in_width) + u32(col)];
}

fn store(value: f32, base: u32, o: u32, tap: u32) {
  let taps = params.channels * params.kh * params.kw;
  if (o >= params.outputs || tap >= taps) { return; }
  dw[base + o * taps + tap] = value;
}

fn store4(values: vec4f, base: u32, o: u32, tap: u32) {
  store(values.x, base, o, tap);
  store(values.y, base, o, tap + 16u);
  store(values.z, base, o, tap + 32u);
  store(values.w, base, o, tap + 48u);
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = group.y * groups.x + group.x;
  let taps = params.channels * params.kh * params.kw;
  let tap_tiles = (taps + TILE - 1u) / TILE;
  let output_tiles = (params.outputs + TILE - 1u) / TILE;
  let tiles = tap_tiles * output_tiles;
  // The same answer in every lane: the barriers below are met by all or none.
  if (index >= tiles * params.groups * params.splits) { return; }
  let tap = index % tap_tiles * TILE;
  let o = index / tap_tiles % output_tiles * TILE;
  let part = index / tiles % params.groups; // group of channels
  let split = index / tiles / params.groups;
  let col = lane % 16u;
  let row = lane / 16u;

  var sum: array<vec4f, 4>;
  let positions = params.images * params.height * params.width;
  let end = min((split + 1u) * params.split_positions, positions);
  for (var first = split * params.split_positions; first < end; first += DEPTH) {
    for (var e = lane; e < TILE * DEPTH; e += 256u) {
      let k = e % DEPTH; // neighbouring lanes take neighbouring positions
      let line = e / DEPTH;
      a_tile[k * TILE + line] = load_dy(part, o + line, first + k, end);
      b_tile[k * TILE + line] = load_x(part, tap + line, first + k, end);
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let q_at = k * TILE + col;
      let q = vec4f(b_tile[q_at], b_tile[q_at + 16u], b_tile[q_at + 32u], b_tile[q_at + 48u]);
      sum[0] = fma(vec4f(a_tile[k * TILE + row]), q, sum[0]);
      sum[1] = fma(vec4f(a_tile[k * TILE + row + 16u]), q, sum[1]);
      sum[2] = fma(vec4f(a_tile[k * TILE + row + 32u]), q, sum[2]);
      sum[3] = fma(vec4f(a_tile[k * TILE + row + 48u]), q, sum[3]);
    }
    workgroupBarrier();
  }

  let base = split * params.split_size + part * params.outputs * taps;
  store4(sum[0], base, o + row, tap + col);
  store4(sum[1], base, o + row + 16u, tap + col);
  store4(sum[2], base, o + row + 32u, tap + col);
  store4(sum[3], base, o + row + 48u, tap + col);
}
