// matmul_pack: y[q, g, t, i, j] = x[q, g, t, i, j], or 0 past the end: a strided matrix
// copied to rows that are a multiple of 4 long, for kernels that load vec4.
//
// x         f32 [chunks, batches, terms, rows, cols] with any strides, in elements
// y         f32 [chunks, batches, terms, y_rows, 4 * y_cols4], contiguous, as vec4;
//           y_rows >= rows
// dispatch  a 4 x 4 block an invocation, folded over x and y: 8 lanes take 32
//           rows, so that both a row and a column of blocks stay in the cache

struct Params {
  rows: u32, cols: u32, y_rows: u32, y_cols4: u32,
  chunks: u32, batches: u32, terms: u32,
  x_offset: u32, x_row: u32, x_col: u32, x_batch: u32, x_term: u32, x_chunk: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

fn load(base: u32, row: u32, col: u32) -> f32 {
  let inside = row < params.rows && col < params.cols;
  let at = base + min(row, params.rows - 1u) * params.x_row
    + min(col, params.cols - 1u) * params.x_col;
  return select(0.0, x[at], inside);
}

fn copy(base: u32, matrix: u32, row: u32, col4: u32) {
  if (row >= params.y_rows) { return; }
  let col = 4u * col4;
  y[(matrix * params.y_rows + row) * params.y_cols4 + col4] = vec4f(
    load(base, row, col),
    load(base, row, col + 1u),
    load(base, row, col + 2u),
    load(base, row, col + 3u),
  );
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  let strips = (params.y_rows + 31u) / 32u;
  let col4 = index / 8u % params.y_cols4;
  let strip = index / 8u / params.y_cols4;
  let matrix = strip / strips;
  if (matrix >= params.chunks * params.batches * params.terms) { return; }
  let row = (strip % strips * 8u + index % 8u) * 4u;
  let base = params.x_offset + matrix % params.terms * params.x_term
    + matrix / params.terms % params.batches * params.x_batch
    + matrix / params.terms / params.batches * params.x_chunk;
  copy(base, matrix, row, col4);
  copy(base, matrix, row + 1u, col4);
  copy(base, matrix, row + 2u, col4);
  copy(base, matrix, row + 3u, col4);
}
