// matmul_registers: y[s, q, g, i, j] = epilogue(sum over the terms t and the k of
// split s of a[g, t, i, k] * b[q, g, t, k, j]), a tile of ROWS x 16 outputs in the
// registers of one invocation and no workgroup memory: the matmul of adapters that
// are CPUs.
//
// prepended  ROWS: u32, rows of a tile, 16, or 4 for matrices of a few rows
//            A_T: bool, a is stored [k, m] and not [m, k]
//            B_T: bool, b is stored [n, k] and not [k, n]; then there is one chunk
//            BIAS: u32, the epilogue adds bias[j] (1), bias[g, i] (2) or nothing (0)
//            RELU: bool, the epilogue clamps at 0, after the bias
// a          f32 [batches, terms, m, 4 * steps] or [batches, terms, 4 * steps, m],
//            lines a multiple of 4 apart, as vec4
// b          f32 [chunks, batches, terms, 4 * steps, n] or [.., n, 4 * steps],
//            likewise
// bias       f32 [n] or [batches, m]; any buffer when BIAS is 0
// y          f32 [splits, chunks, batches, m, 4 * n4], contiguous, as vec4
// dispatch   8 tiles a workgroup, folded over x and y; tiles are counted rows
//            first, so that the 8 lanes share the loads of b, with 4 rows splits
//            first
// edges      rows and columns past the end repeat the last one and store nothing
// special    as IEEE has it: 0 * NaN is NaN, an empty sum is 0
//
// Tiles reach over the chunks' borders, so that narrow chunks fill them. Each split
// has `split_steps` steps of 4 k after each other, or, with 4 rows, every
// `splits`th: there the lanes of a workgroup read neighbouring k of the same lines.
//
// On such an adapter (Mesa's lavapipe: 8 lanes) a load costs 8 ns, a vec4 load
// 15, a multiply-add 0.2: what counts is multiply-adds per load. 512 x 512 x 512,
// GFLOP/s (./run bench matmul): one output an invocation 2; 8 x 8 scalar loads 15;
// 8 x 8 vec4 25; 16 x 16 vec4, one accumulator after the other 35; each row's a
// loaded where it is used 41. 24 x 16 and 32 x 16 are slower: the loop body leaves
// the instruction cache.

struct Params {
  m: u32, n: u32, n4: u32, chunks: u32, batches: u32,
  row_tiles: u32, col_tiles: u32,
  steps: u32, terms: u32, splits: u32, split_steps: u32,
  a_offset: u32, a_line: u32, a_batch: u32, a_term: u32, // in vec4, as all below
  b_offset: u32, b_line: u32, b_batch: u32, b_term: u32, b_chunk: u32,
  y_offset: u32, bias_offset: u32, // bias_offset in elements
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

struct Tile { row: u32, batch: u32, col4: u32, base: u32 }

// 4 columns of a row after 4 steps of k, in order: one accumulator at a time.
fn quad(c: vec4f, a: vec4f, b0: vec4f, b1: vec4f, b2: vec4f, b3: vec4f) -> vec4f {
  let two = fma(vec4f(a.y), b1, fma(vec4f(a.x), b0, c));
  return fma(vec4f(a.w), b3, fma(vec4f(a.z), b2, two));
}

// A row of the tile (16 columns) after 4 steps of k, b0 to b3 the lines of b.
fn step(c: mat4x4f, a: vec4f, b0: mat4x4f, b1: mat4x4f, b2: mat4x4f, b3: mat4x4f) -> mat4x4f {
  return mat4x4f(
    quad(c[0], a, b0[0], b1[0], b2[0], b3[0]),
    quad(c[1], a, b0[1], b1[1], b2[1], b3[1]),
    quad(c[2], a, b0[2], b1[2], b2[2], b3[2]),
    quad(c[3], a, b0[3], b1[3], b2[3], b3[3]),
  );
}

// b [k, n]: 16 columns of one k, from the four places `off` on.
fn line(at: u32, off: vec4u) -> mat4x4f {
  return mat4x4f(b[at + off.x], b[at + off.y], b[at + off.z], b[at + off.w]);
}

// b [n, k]: columns `first` to `first + 3` for 4 k, transposed to one k a column.
fn block(base: u32, first: u32) -> mat4x4f {
  let last = params.n - 1u;
  return transpose(mat4x4f(
    b[base + min(first, last) * params.b_line],
    b[base + min(first + 1u, last) * params.b_line],
    b[base + min(first + 2u, last) * params.b_line],
    b[base + min(first + 3u, last) * params.b_line],
  ));
}

// a [k, m]: the four rows at `at` for 4 k, transposed to one row a column.
fn rows(at: u32) -> mat4x4f {
  return transpose(mat4x4f(
    a[at],
    a[at + params.a_line],
    a[at + 2u * params.a_line],
    a[at + 3u * params.a_line],
  ));
}

// Where vec4 `col4` of the columns lies in a line of b, and in y.
fn b_of(col4: u32) -> u32 {
  let at = min(col4, params.n4 * params.chunks - 1u);
  return at / params.n4 * params.b_chunk + at % params.n4;
}

fn y_of(col4: u32) -> u32 {
  let chunk = params.batches * params.m * params.n4;
  return col4 / params.n4 * chunk + col4 % params.n4;
}

fn bias4(tile: Tile, row: u32, col: u32) -> vec4f {
  if (BIAS == 1u) {
    let at = params.bias_offset + col % (4u * params.n4);
    let last = params.bias_offset + params.n - 1u;
    return vec4f(
      bias[at],
      bias[min(at + 1u, last)],
      bias[min(at + 2u, last)],
      bias[min(at + 3u, last)],
    );
  }
  if (BIAS == 2u) { return vec4f(bias[params.bias_offset + tile.batch * params.m + row]); }
  return vec4f();
}

fn store4(value: vec4f, tile: Tile, row: u32, j: u32, at: u32) {
  if (tile.col4 + j >= params.n4 * params.chunks) { return; }
  var out = value + bias4(tile, row, 4u * (tile.col4 + j));
  // select, not max: max(NaN, 0.0) is 0.0 on some devices
  if (RELU) { out = select(out, vec4f(), out <= vec4f()); }
  y[tile.base + row * params.n4 + at] = out;
}

fn store(c: mat4x4f, tile: Tile, i: u32, off: vec4u) {
  let row = tile.row + i;
  if (row >= params.m) { return; }
  store4(c[0], tile, row, 0u, off.x);
  store4(c[1], tile, row, 1u, off.y);
  store4(c[2], tile, row, 2u, off.z);
  store4(c[3], tile, row, 3u, off.w);
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  var index = (group.y * groups.x + group.x) * 8u + lane;
  let plane = params.row_tiles * params.col_tiles * params.batches;
  if (index >= plane * params.splits) { return; }
  var split = index / plane;
  if (ROWS == 4u) {
    split = index % params.splits;
    index /= params.splits;
  }
  let row = index % params.row_tiles * ROWS;
  let col4 = index / params.row_tiles % params.col_tiles * 4u;
  let batch = index / params.row_tiles / params.col_tiles % params.batches;

  let last_row = params.m - 1u;
  // of 16 rows, or of 4 groups of 4 rows
  var a_of: array<u32, 16>;
  if (A_T) {
    a_of[0] = min(row, last_row) / 4u;
    a_of[4] = min(row + 4u, last_row) / 4u;
    a_of[8] = min(row + 8u, last_row) / 4u;
    a_of[12] = min(row + 12u, last_row) / 4u;
  } else {
    a_of = array<u32, 16>(
      min(row, last_row) * params.a_line,
      min(row + 1u, last_row) * params.a_line,
      min(row + 2u, last_row) * params.a_line,
      min(row + 3u, last_row) * params.a_line,
      min(row + 4u, last_row) * params.a_line,
      min(row + 5u, last_row) * params.a_line,
      min(row + 6u, last_row) * params.a_line,
      min(row + 7u, last_row) * params.a_line,
      min(row + 8u, last_row) * params.a_line,
      min(row + 9u, last_row) * params.a_line,
      min(row + 10u, last_row) * params.a_line,
      min(row + 11u, last_row) * params.a_line,
      min(row + 12u, last_row) * params.a_line,
      min(row + 13u, last_row) * params.a_line,
      min(row + 14u, last_row) * params.a_line,
      min(row + 15u, last_row) * params.a_line,
    );
  }
  let off = vec4u(b_of(col4), b_of(col4 + 1u), b_of(col4 + 2u), b_of(col4 + 3u));

  var c: array<mat4x4f, 16>;
  // steps counted over all terms, and k of the term at hand
  let all = params.steps * params.terms;
  var first = split * params.split_steps;
  var end = min(first + params.split_steps, all);
  var hop = 1u;
  if (ROWS == 4u) {
    first = split;
    end = all;
    hop = params.splits;
  }
  let term = first / max(params.steps, 1u);
  var k = first - term * params.steps;
  var a_base = params.a_offset + batch * params.a_batch + term * params.a_term;
  var b_base = params.b_offset + batch * params.b_batch + term * params.b_term;
  // One loop: with one for the terms around it, a tenth of the speed is lost. `hop`
  // is no more than the steps of a term, but where there is one term.
  for (var s = first; s < end; s += hop) {
    var b0: mat4x4f;
    var b1: mat4x4f;
    var b2: mat4x4f;
    var b3: mat4x4f;
    if (B_T) {
      let q0 = block(b_base + k, 4u * col4);
      let q1 = block(b_base + k, 4u * col4 + 4u);
      let q2 = block(b_base + k, 4u * col4 + 8u);
      let q3 = block(b_base + k, 4u * col4 + 12u);
      b0 = mat4x4f(q0[0], q1[0], q2[0], q3[0]);
      b1 = mat4x4f(q0[1], q1[1], q2[1], q3[1]);
      b2 = mat4x4f(q0[2], q1[2], q2[2], q3[2]);
      b3 = mat4x4f(q0[3], q1[3], q2[3], q3[3]);
    } else {
      let at = b_base + 4u * k * params.b_line;
      b0 = line(at, off);
      b1 = line(at + params.b_line, off);
      b2 = line(at + 2u * params.b_line, off);
      b3 = line(at + 3u * params.b_line, off);
    }
    if (A_T) {
      let at = a_base + 4u * k * params.a_line;
      let r0 = rows(at + a_of[0]);
      c[0] = step(c[0], r0[0], b0, b1, b2, b3);
      c[1] = step(c[1], r0[1], b0, b1, b2, b3);
      c[2] = step(c[2], r0[2], b0, b1, b2, b3);
      c[3] = step(c[3], r0[3], b0, b1, b2, b3);
      if (ROWS > 4u) {
        let r1 = rows(at + a_of[4]);
        c[4] = step(c[4], r1[0], b0, b1, b2, b3);
        c[5] = step(c[5], r1[1], b0, b1, b2, b3);
        c[6] = step(c[6], r1[2], b0, b1, b2, b3);
        c[7] = step(c[7], r1[3], b0, b1, b2, b3);
        let r2 = rows(at + a_of[8]);
        c[8] = step(c[8], r2[0], b0, b1, b2, b3);
        c[9] = step(c[9], r2[1], b0, b1, b2, b3);
        c[10] = step(c[10], r2[2], b0, b1, b2, b3);
        c[11] = step(c[11], r2[3], b0, b1, b2, b3);
        let r3 = rows(at + a_of[12]);
        c[12] = step(c[12], r3[0], b0, b1, b2, b3);
        c[13] = step(c[13], r3[1], b0, b1, b2, b3);
        c[14] = step(c[14], r3[2], b0, b1, b2, b3);
        c[15] = step(c[15], r3[3], b0, b1, b2, b3);
      }
    } else {
      let at = a_base + k;
      c[0] = step(c[0], a[at + a_of[0]], b0, b1, b2, b3);
      c[1] = step(c[1], a[at + a_of[1]], b0, b1, b2, b3);
      c[2] = step(c[2], a[at + a_of[2]], b0, b1, b2, b3);
      c[3] = step(c[3], a[at + a_of[3]], b0, b1, b2, b3);
      if (ROWS > 4u) {
        c[4] = step(c[4], a[at + a_of[4]], b0, b1, b2, b3);
        c[5] = step(c[5], a[at + a_of[5]], b0, b1, b2, b3);
        c[6] = step(c[6], a[at + a_of[6]], b0, b1, b2, b3);
        c[7] = step(c[7], a[at + a_of[7]], b0, b1, b2, b3);
        c[8] = step(c[8], a[at + a_of[8]], b0, b1, b2, b3);
        c[9] = step(c[9], a[at + a_of[9]], b0, b1, b2, b3);
        c[10] = step(c[10], a[at + a_of[10]], b0, b1, b2, b3);
        c[11] = step(c[11], a[at + a_of[11]], b0, b1, b2, b3);
        c[12] = step(c[12], a[at + a_of[12]], b0, b1, b2, b3);
        c[13] = step(c[13], a[at + a_of[13]], b0, b1, b2, b3);
        c[14] = step(c[14], a[at + a_of[14]], b0, b1, b2, b3);
        c[15] = step(c[15], a[at + a_of[15]], b0, b1, b2, b3);
      }
    }
    k += hop;
    if (k >= params.steps) {
      k -= params.steps;
      a_base += params.a_term;
      b_base += params.b_term;
    }
  }

  let planes = split * params.chunks * params.batches + batch;
  let tile = Tile(row, batch, col4, params.y_offset + planes * params.m * params.n4);
  let to = vec4u(y_of(col4), y_of(col4 + 1u), y_of(col4 + 2u), y_of(col4 + 3u));
  store(c[0], tile, 0u, to);
  store(c[1], tile, 1u, to);
  store(c[2], tile, 2u, to);
  store(c[3], tile, 3u, to);
  if (ROWS > 4u) {
    store(c[4], tile, 4u, to);
    store(c[5], tile, 5u, to);
    store(c[6], tile, 6u, to);
    store(c[7], tile, 7u, to);
    store(c[8], tile, 8u, to);
    store(c[9], tile, 9u, to);
    store(c[10], tile, 10u, to);
    store(c[11], tile, 11u, to);
    store(c[12], tile, 12u, to);
    store(c[13], tile, 13u, to);
    store(c[14], tile, 14u, to);
    store(c[15], tile, 15u, to);
  }
}
