// matmul_tiles: y[s, q, g, i, j] = epilogue(sum over the terms t and the k of
// split s of a[g, t, i, k] * b[q, g, t, k, j]) for GPUs: a workgroup makes SIDE x
// SIDE outputs from slices of 16 k in workgroup memory. An invocation makes 4 x 4 of
// them in registers, or with a SIDE of 128 four times 4 x 4, 64 apart in both
// directions, so that 16 neighbours read neighbouring vec4 of b's slice.
//
// prepended  SIDE: u32, 64 or 128; slices and their step (lib/tiles.wgsl)
//            A_T: bool, neighbouring rows of a are closer than neighbouring k
//            B_T: bool, neighbouring k of b are closer than neighbouring columns
//            BIAS: u32, the epilogue adds bias[j] (1), bias[g, i] (2) or nothing (0)
//            put(i, x: f32), which writes to y and may do more
//            A_T and B_T choose who loads what, not what is right
// a, b       f32 [batches, terms, m, k] and [chunks, batches, terms, k, n], any
//            strides, in elements
// bias       f32 [n] or [batches, m]; any buffer when BIAS is 0
// y          f32 [splits, chunks, batches, m, y_row], contiguous; y_row >= n
// dispatch   one workgroup a tile, folded over x and y, columns first
// special    as IEEE has it: 0 * NaN is NaN, an empty sum is 0

struct Params {
  m: u32, n: u32, k: u32, chunks: u32, batches: u32, terms: u32,
  splits: u32, split_slices: u32,
  a_offset: u32, a_row: u32, a_col: u32, a_batch: u32, a_term: u32,
  b_offset: u32, b_row: u32, b_col: u32, b_batch: u32, b_term: u32, b_chunk: u32,
  y_offset: u32, y_row: u32, bias_offset: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn load_a(base: u32, row: u32, k: u32) -> f32 {
  if (row >= params.m || k >= params.k) { return 0.0; }
  return a[base + row * params.a_row + k * params.a_col];
}

fn load_b(base: u32, k: u32, col: u32) -> f32 {
  if (col >= params.n || k >= params.k) { return 0.0; }
  return b[base + k * params.b_row + col * params.b_col];
}

fn quad_of_a(base: u32, row: u32, k: u32) -> vec4f {
  return vec4f(
    load_a(base, row, k),
    load_a(base, row + 1u, k),
    load_a(base, row + 2u, k),
    load_a(base, row + 3u, k),
  );
}

fn quad_of_b(base: u32, k: u32, col: u32) -> vec4f {
  return vec4f(
    load_b(base, k, col),
    load_b(base, k, col + 1u),
    load_b(base, k, col + 2u),
    load_b(base, k, col + 3u),
  );
}

// Where a tile lies: `base` is that of its matrix in y.
struct Tile { base: u32, batch: u32, row: u32, col: u32 }

fn store(value: f32, tile: Tile, row: u32, col: u32) {
  if (row >= params.m || col >= params.n) { return; }
  var out = value;
  if (BIAS == 1u) { out += bias[params.bias_offset + col]; }
  if (BIAS == 2u) { out += bias[params.bias_offset + tile.batch * params.m + row]; }
  put(tile.base + row * params.y_row + col, out);
}

fn store_row(c: vec4f, tile: Tile, row: u32, col: u32) {
  store(c.x, tile, row, col);
  store(c.y, tile, row, col + 1u);
  store(c.z, tile, row, col + 2u);
  store(c.w, tile, row, col + 3u);
}

fn store_block(c: mat4x4f, tile: Tile, down: u32, right: u32) {
  let row = tile.row + down;
  let col = tile.col + right;
  store_row(c[0], tile, row, col);
  store_row(c[1], tile, row + 1u, col);
  store_row(c[2], tile, row + 2u, col);
  store_row(c[3], tile, row + 3u, col);
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = group.y * groups.x + group.x;
  let row_tiles = (params.m + SIDE - 1u) / SIDE;
  let col_tiles = (params.n + SIDE - 1u) / SIDE;
  let plane = row_tiles * col_tiles;
  let planes = params.chunks * params.batches;
  // The same answer in every lane: the barriers below are met by all or none.
  if (index >= plane * planes * params.splits) { return; }
  let first_col = index % col_tiles * SIDE;
  let first_row = index / col_tiles % row_tiles * SIDE;
  let batch = index / plane % params.batches;
  let chunk = index / plane / params.batches % params.chunks;
  let split = index / plane / planes;
  let col4 = lane % 16u;
  let row4 = lane / 16u;

  var c00: mat4x4f;
  var c01: mat4x4f; // 64 columns to the right
  var c10: mat4x4f; // 64 rows down
  var c11: mat4x4f;
  let slices = (params.k + DEPTH - 1u) / DEPTH;
  let end = min((split + 1u) * params.split_slices, slices * params.terms);
  for (var slice = split * params.split_slices; slice < end; slice++) {
    let term = slice / slices;
    let first_k = (slice - term * slices) * DEPTH;
    let a_base = params.a_offset + batch * params.a_batch + term * params.a_term;
    let b_base = params.b_offset + chunk * params.b_chunk + batch * params.b_batch
      + term * params.b_term;
    for (var e = lane; e < DEPTH * QUADS; e += 256u) {
      // (i, k) of a: neighbouring lanes take what lies next in memory.
      let ak = select(e % DEPTH, e / QUADS, A_T);
      let ai = select(e / DEPTH, e % QUADS, A_T);
      a_tile[ak * LINE + ai] = quad_of_a(a_base, first_row + 4u * ai, first_k + ak);
      let bk = select(e / QUADS, e % DEPTH, B_T);
      let bj = select(e % QUADS, e / DEPTH, B_T);
      b_tile[bk * LINE + bj] = quad_of_b(b_base, first_k + bk, first_col + 4u * bj);
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let p = a_tile[k * LINE + row4];
      let q = b_tile[k * LINE + col4];
      c00 = step(c00, p, q);
      if (SIDE > 64u) {
        let p1 = a_tile[k * LINE + QUADS / 2u + row4];
        let q1 = b_tile[k * LINE + QUADS / 2u + col4];
        c01 = step(c01, p, q1);
        c10 = step(c10, p1, q);
        c11 = step(c11, p1, q1);
      }
    }
    workgroupBarrier();
  }

  let matrix = (split * params.chunks + chunk) * params.batches + batch;
  let base = params.y_offset + matrix * params.m * params.y_row;
  let tile = Tile(base, batch, first_row + 4u * row4, first_col + 4u * col4);
  store_block(c00, tile, 0u, 0u);
  if (SIDE > 64u) {
    store_block(c01, tile, 0u, 64u);
    store_block(c10, tile, 64u, 0u);
    store_block(c11, tile, 64u, 64u);
  }
}
