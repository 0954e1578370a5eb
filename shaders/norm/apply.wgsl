// apply: elements by the statistics and the weights of their rows or columns.
//
//     y[row, col] = result(element, statistics, weight, bias)
//
// prepended  GROUP: u32, invocations of a workgroup
//            V: f32 or vec4f, and Stat, what statistics are
//            BY_COLUMN: bool, whether statistics and weights belong to columns;
//            else they belong to rows
//            stat_at(s: u32) -> Stat, weight_at(a: u32) -> V, bias_at likewise
//            result(i: u32, stat: Stat, weight: V, bias: V) -> V of element i
//            the bindings: inputs, y: array<V>, params; put(i, V), which
//            writes to y
// y          [rows, cols] of V, row-major; the inputs likewise
// dispatch   rows * parts invocations, folded over x and y; each takes `run`
//            neighbours of a row
// geometry   Loads that a row shares stand before the loop: a compiler may not
//            move them over the stores.

struct Params {
  rows: u32,
  cols: u32,
  parts: u32,
  run: u32,
  stat_div: u32, // statistic of a row: row / div % mod
  stat_mod: u32,
  affine_mod: u32, // weight of a row: row % mod
  stat_count: u32, // statistics in units of what is loaded
  x_offset: u32,
  dy_offset: u32,
  weight_offset: u32,
  bias_offset: u32,
  mean_offset: u32,
  var_offset: u32,
  sums_offset: u32,
  eps: f32,
  share: f32, // 1 / elements of a statistic
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let k = id.y * groups.x * GROUP + id.x;
  if (k >= params.rows * params.parts) { return; } // guard
  let row = k / params.parts;
  let first = (k % params.parts) * params.run;
  let end = min(first + params.run, params.cols);
  let s = (row / params.stat_div) % params.stat_mod;
  let a = row % params.affine_mod;
  var stat = stat_at(select(s, first, BY_COLUMN));
  var weight = weight_at(select(a, first, BY_COLUMN));
  var bias = bias_at(select(a, first, BY_COLUMN));
  for (var col = first; col < end; col++) {
    if (BY_COLUMN) {
      stat = stat_at(col);
      weight = weight_at(col);
      bias = bias_at(col);
    }
    let i = row * params.cols + col;
    put(i, result(i, stat, weight, bias));
  }
}
