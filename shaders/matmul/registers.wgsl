// matmul_registers: y[s, g, i, j] = epilogue(sum over the k of split s of
// a[g, i, k] * b[g, k, j]), a tile of 16 x 16 outputs in the registers of one
// invocation and no workgroup memory: the matmul of adapters that are CPUs.
//
// prepended  B_T: bool, b is stored [n, k] and not [k, n]
//            BIAS: u32, the epilogue adds bias[j] (1), bias[i] (2) or nothing (0)
//            RELU: bool, the epilogue clamps at 0, after the bias
// a          f32 [batches, m, 4 * steps], rows a multiple of 4 apart, as vec4
// b          f32 [batches, 4 * steps, n] or [batches, n, 4 * steps], likewise
// bias       f32 [n] or [m]; any buffer when BIAS is 0
// y          f32 [splits, batches, m, 4 * n4], contiguous, as vec4
// dispatch   8 tiles a workgroup, folded over x and y; tiles are counted rows
//            first, so that the 8 lanes share the loads of b
// edges      rows and columns past the end repeat the last one and store nothing
// special    as IEEE has it: 0 * NaN is NaN, an empty sum is 0
//
// On such an adapter (Mesa's lavapipe: 8 lanes) a load costs 8 ns, a vec4 load
// 14, a multiply-add 0.2: what counts is multiply-adds per load. 512 x 512 x 512,
// GFLOP/s (./run bench matmul): one output an invocation 2; 8 x 8 scalar loads 15;
// 8 x 8 vec4 25; 16 x 16 vec4, one accumulator after the other 35; each row's a
// loaded where it is used 41. 24 x 16 and 32 x 16 are slower: the loop body leaves
// the instruction cache.

struct Params {
  m: u32, n: u32, n4: u32,
  row_tiles: u32, col_tiles: u32, batches: u32, splits: u32,
  steps: u32, split_steps: u32,
  a_offset: u32, a_row: u32, a_batch: u32, // in vec4, as all below
  b_offset: u32, b_row: u32, b_batch: u32,
  y_offset: u32, bias_offset: u32, // bias_offset in elements
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

struct Tile { row: u32, col4: u32, base: u32 }

// 4 columns of a row after 4 steps of k, in order: one accumulator at a time.
fn quad(c: vec4f, a: vec4f, b0: vec4f, b1: vec4f, b2: vec4f, b3: vec4f) -> vec4f {
  let two = fma(vec4f(a.y), b1, fma(vec4f(a.x), b0, c));
  return fma(vec4f(a.w), b3, fma(vec4f(a.z), b2, two));
}

// A row of the tile (16 columns) after 4 steps of k, b0 to b3 the rows of b.
fn step(c: mat4x4f, a: vec4f, b0: mat4x4f, b1: mat4x4f, b2: mat4x4f, b3: mat4x4f) -> mat4x4f {
  return mat4x4f(
    quad(c[0], a, b0[0], b1[0], b2[0], b3[0]),
    quad(c[1], a, b0[1], b1[1], b2[1], b3[1]),
    quad(c[2], a, b0[2], b1[2], b2[2], b3[2]),
    quad(c[3], a, b0[3], b1[3], b2[3], b3[3]),
  );
}

// b [k, n]: 16 columns of one k, in vec4 from `at`, clamped to the row's end.
fn line(at: u32, last: u32) -> mat4x4f {
  return mat4x4f(b[at], b[at + min(1u, last)], b[at + min(2u, last)], b[at + min(3u, last)]);
}

// b [n, k]: columns `first` to `first + 3` for 4 k, transposed to one k a column.
fn block(base: u32, first: u32) -> mat4x4f {
  let last = params.n - 1u;
  return transpose(mat4x4f(
    b[base + min(first, last) * params.b_row],
    b[base + min(first + 1u, last) * params.b_row],
    b[base + min(first + 2u, last) * params.b_row],
    b[base + min(first + 3u, last) * params.b_row],
  ));
}

fn bias4(row: u32, col: u32) -> vec4f {
  if (BIAS == 1u) {
    let at = params.bias_offset + col;
    let last = params.bias_offset + params.n - 1u;
    return vec4f(
      bias[at],
      bias[min(at + 1u, last)],
      bias[min(at + 2u, last)],
      bias[min(at + 3u, last)],
    );
  }
  if (BIAS == 2u) { return vec4f(bias[params.bias_offset + row]); }
  return vec4f();
}

fn store4(value: vec4f, tile: Tile, row: u32, j: u32) {
  if (tile.col4 + j >= params.n4) { return; }
  var out = value + bias4(row, 4u * (tile.col4 + j));
  // select, not max: max(NaN, 0.0) is 0.0 on some devices
  if (RELU) { out = select(out, vec4f(), out <= vec4f()); }
  y[tile.base + row * params.n4 + tile.col4 + j] = out;
}

fn store(c: mat4x4f, tile: Tile, i: u32) {
  let row = tile.row + i;
  if (row >= params.m) { return; }
  store4(c[0], tile, row, 0u);
  store4(c[1], tile, row, 1u);
  store4(c[2], tile, row, 2u);
  store4(c[3], tile, row, 3u);
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 8u + lane;
  let plane = params.row_tiles * params.col_tiles;
  if (index >= plane * params.batches * params.splits) { return; }
  let row = index % params.row_tiles * 16u;
  let col = index / params.row_tiles % params.col_tiles * 16u;
  let batch = index / plane % params.batches;
  let split = index / plane / params.batches;

  let last_row = params.m - 1u;
  let a_base = params.a_offset + batch * params.a_batch;
  let a_at = array<u32, 16>(
    a_base + min(row + 0u, last_row) * params.a_row,
    a_base + min(row + 1u, last_row) * params.a_row,
    a_base + min(row + 2u, last_row) * params.a_row,
    a_base + min(row + 3u, last_row) * params.a_row,
    a_base + min(row + 4u, last_row) * params.a_row,
    a_base + min(row + 5u, last_row) * params.a_row,
    a_base + min(row + 6u, last_row) * params.a_row,
    a_base + min(row + 7u, last_row) * params.a_row,
    a_base + min(row + 8u, last_row) * params.a_row,
    a_base + min(row + 9u, last_row) * params.a_row,
    a_base + min(row + 10u, last_row) * params.a_row,
    a_base + min(row + 11u, last_row) * params.a_row,
    a_base + min(row + 12u, last_row) * params.a_row,
    a_base + min(row + 13u, last_row) * params.a_row,
    a_base + min(row + 14u, last_row) * params.a_row,
    a_base + min(row + 15u, last_row) * params.a_row,
  );
  let b_base = params.b_offset + batch * params.b_batch;
  let last_col4 = params.n4 - 1u - col / 4u;

  var c: array<mat4x4f, 16>;
  let end = min((split + 1u) * params.split_steps, params.steps);
  for (var k = split * params.split_steps; k < end; k++) {
    var b0: mat4x4f;
    var b1: mat4x4f;
    var b2: mat4x4f;
    var b3: mat4x4f;
    if (B_T) {
      let q0 = block(b_base + k, col);
      let q1 = block(b_base + k, col + 4u);
      let q2 = block(b_base + k, col + 8u);
      let q3 = block(b_base + k, col + 12u);
      b0 = mat4x4f(q0[0], q1[0], q2[0], q3[0]);
      b1 = mat4x4f(q0[1], q1[1], q2[1], q3[1]);
      b2 = mat4x4f(q0[2], q1[2], q2[2], q3[2]);
      b3 = mat4x4f(q0[3], q1[3], q2[3], q3[3]);
    } else {
      let at = b_base + 4u * k * params.b_row + col / 4u;
      b0 = line(at, last_col4);
      b1 = line(at + params.b_row, last_col4);
      b2 = line(at + 2u * params.b_row, last_col4);
      b3 = line(at + 3u * params.b_row, last_col4);
    }
    c[0] = step(c[0], a[a_at[0] + k], b0, b1, b2, b3);
    c[1] = step(c[1], a[a_at[1] + k], b0, b1, b2, b3);
    c[2] = step(c[2], a[a_at[2] + k], b0, b1, b2, b3);
    c[3] = step(c[3], a[a_at[3] + k], b0, b1, b2, b3);
    c[4] = step(c[4], a[a_at[4] + k], b0, b1, b2, b3);
    c[5] = step(c[5], a[a_at[5] + k], b0, b1, b2, b3);
    c[6] = step(c[6], a[a_at[6] + k], b0, b1, b2, b3);
    c[7] = step(c[7], a[a_at[7] + k], b0, b1, b2, b3);
    c[8] = step(c[8], a[a_at[8] + k], b0, b1, b2, b3);
    c[9] = step(c[9], a[a_at[9] + k], b0, b1, b2, b3);
    c[10] = step(c[10], a[a_at[10] + k], b0, b1, b2, b3);
    c[11] = step(c[11], a[a_at[11] + k], b0, b1, b2, b3);
    c[12] = step(c[12], a[a_at[12] + k], b0, b1, b2, b3);
    c[13] = step(c[13], a[a_at[13] + k], b0, b1, b2, b3);
    c[14] = step(c[14], a[a_at[14] + k], b0, b1, b2, b3);
    c[15] = step(c[15], a[a_at[15] + k], b0, b1, b2, b3);
  }

  let base = params.y_offset + (split * params.batches + batch) * params.m * params.n4;
  let tile = Tile(row, col / 4u, base);
  store(c[0], tile, 0u);
  store(c[1], tile, 1u);
  store(c[2], tile, 2u);
  store(c[3], tile, 3u);
  store(c[4], tile, 4u);
  store(c[5], tile, 5u);
  store(c[6], tile, 6u);
  store(c[7], tile, 7u);
  store(c[8], tile, 8u);
  store(c[9], tile, 9u);
  store(c[10], tile, 10u);
  store(c[11], tile, 11u);
  store(c[12], tile, 12u);
  store(c[13], tile, 13u);
  store(c[14], tile, 14u);
  store(c[15], tile, 15u);
}
