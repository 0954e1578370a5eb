// matmul_tiles: y[s, g, i, j] = epilogue(sum over the k of split s of
// a[g, i, k] * b[g, k, j]) for GPUs: a workgroup makes 64 x 64 outputs from
// slices of 16 k in workgroup memory, an invocation 4 x 4 of them, 16 apart in
// both directions, so that 16 neighbours load and store neighbouring columns.
//
// prepended  A_T: bool, neighbouring rows of a are closer than neighbouring k
//            B_T: bool, neighbouring k of b are closer than neighbouring columns
//            BIAS: u32, the epilogue adds bias[j] (1), bias[i] (2) or nothing (0)
//            RELU: bool, the epilogue clamps at 0, after the bias
//            A_T and B_T choose who loads what, not what is right
// a, b       f32 [batches, m, k] and [batches, k, n], any strides, in elements
// bias       f32 [n] or [m]; any buffer when BIAS is 0
// y          f32 [splits, batches, m, y_row], contiguous; y_row >= n
// dispatch   one workgroup a tile, folded over x and y, columns first
// special    as IEEE has it: 0 * NaN is NaN, an empty sum is 0

struct Params {
  m: u32, n: u32, k: u32, split_k: u32, batches: u32, splits: u32,
  a_offset: u32, a_row: u32, a_col: u32, a_batch: u32,
  b_offset: u32, b_row: u32, b_col: u32, b_batch: u32,
  y_offset: u32, y_row: u32, bias_offset: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const TILE = 64u;
const DEPTH = 16u;

// [DEPTH][TILE] each: one k after the other.
var<workgroup> a_tile: array<f32, 1024>;
var<workgroup> b_tile: array<f32, 1024>;

fn load_a(base: u32, row: u32, k: u32, end: u32) -> f32 {
  if (row >= params.m || k >= end) { return 0.0; }
  return a[base + row * params.a_row + k * params.a_col];
}

fn load_b(base: u32, k: u32, col: u32, end: u32) -> f32 {
  if (col >= params.n || k >= end) { return 0.0; }
  return b[base + k * params.b_row + col * params.b_col];
}

fn store(value: f32, base: u32, row: u32, col: u32) {
  if (row >= params.m || col >= params.n) { return; }
  var out = value;
  if (BIAS == 1u) { out += bias[params.bias_offset + col]; }
  if (BIAS == 2u) { out += bias[params.bias_offset + row]; }
  // select, not max: max(NaN, 0.0) is 0.0 on some devices
  if (RELU) { out = select(out, 0.0, out <= 0.0); }
  y[base + row * params.y_row + col] = out;
}

fn store4(values: vec4f, base: u32, row: u32, col: u32) {
  store(values.x, base, row, col);
  store(values.y, base, row, col + 16u);
  store(values.z, base, row, col + 32u);
  store(values.w, base, row, col + 48u);
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = group.y * groups.x + group.x;
  let row_tiles = (params.m + TILE - 1u) / TILE;
  let col_tiles = (params.n + TILE - 1u) / TILE;
  let plane = row_tiles * col_tiles;
  // The same answer in every lane: the barriers below are met by all or none.
  if (index >= plane * params.batches * params.splits) { return; }
  let first_col = index % col_tiles * TILE;
  let first_row = index / col_tiles % row_tiles * TILE;
  let batch = index / plane % params.batches;
  let split = index / plane / params.batches;
  let a_base = params.a_offset + batch * params.a_batch;
  let b_base = params.b_offset + batch * params.b_batch;
  let col = lane % 16u;
  let row = lane / 16u;

  var c: array<vec4f, 4>;
  let end = min((split + 1u) * params.split_k, params.k);
  for (var first_k = split * params.split_k; first_k < end; first_k += DEPTH) {
    for (var e = lane; e < TILE * DEPTH; e += 256u) {
      // (i, k) of a: neighbouring lanes take what lies next in memory.
      let ak = select(e % DEPTH, e / TILE, A_T);
      let ai = select(e / DEPTH, e % TILE, A_T);
      a_tile[ak * TILE + ai] = load_a(a_base, first_row + ai, first_k + ak, end);
      let bk = select(e / TILE, e % DEPTH, B_T);
      let bj = select(e % TILE, e / DEPTH, B_T);
      b_tile[bk * TILE + bj] = load_b(b_base, first_k + bk, first_col + bj, end);
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let q_at = k * TILE + col;
      let q = vec4f(b_tile[q_at], b_tile[q_at + 16u], b_tile[q_at + 32u], b_tile[q_at + 48u]);
      c[0] = fma(vec4f(a_tile[k * TILE + row]), q, c[0]);
      c[1] = fma(vec4f(a_tile[k * TILE + row + 16u]), q, c[1]);
      c[2] = fma(vec4f(a_tile[k * TILE + row + 32u]), q, c[2]);
      c[3] = fma(vec4f(a_tile[k * TILE + row + 48u]), q, c[3]);
    }
    workgroupBarrier();
  }

  let base = params.y_offset + (split * params.batches + batch) * params.m * params.y_row;
  store4(c[0], base, first_row + row, first_col + col);
  store4(c[1], base, first_row + row + 16u, first_col + col);
  store4(c[2], base, first_row + row + 32u, first_col + col);
  store4(c[3], base, first_row + row + 48u, first_col + col);
}
