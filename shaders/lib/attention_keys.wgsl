// attention_keys: keys and values by tiles in workgroup memory, for kernels whose
// lanes hold a query each.
//
// prepended  Params and what comes before it (lib/attention.wgsl)

var<workgroup> k_tile: array<vec4f, KEYS * E4>;
var<workgroup> v_tile: array<vec4f, KEYS * V4>;

// Where the keys end that the queries of a workgroup see, of which `first` is one.
fn end_of_keys(first: u32) -> u32 {
  return select(params.end, min(params.end, first + GROUP), CAUSAL);
}

// Brings `n` keys and values, from those of `row` on. No lane may miss it.
fn bring_keys(row: u32, n: u32, lane: u32) {
  for (var t = lane; t < n * E4; t += GROUP) { k_tile[t] = k[row * E4 + t]; }
  for (var t = lane; t < n * V4; t += GROUP) { v_tile[t] = v[row * V4 + t]; }
  workgroupBarrier();
}
