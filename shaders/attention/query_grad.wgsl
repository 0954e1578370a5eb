// attention_query_grad: gradient of forward.wgsl with respect to the queries.
//
//     dq_i = scale * sum over j of ds_ij k_j
//
// prepended  as in forward.wgsl, with ds, dy and rows (lib/attention_grads.wgsl)
// dq         like q
// dispatch   as in forward.wgsl
// special    a query that sees no key: NaN
// geometry   as in forward.wgsl: a lane holds its query, dy and dq

@group(0) @binding(6) var<storage, read_write> dq: array<vec4f>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = group.y * groups.x + group.x;
  let b = block / params.blocks;
  if (b >= params.batches) { return; } // the same answer in every lane
  let first = (block % params.blocks) * GROUP;
  // past the end the last query is taken again: no lane may miss a barrier
  let i = min(first + lane, params.queries - 1u);
  let at = b * params.queries + i;
  var query: array<vec4f, E4>;
  var gradient: array<vec4f, E4>;
  for (var e = 0u; e < E4; e++) {
    query[e] = q[at * E4 + e];
    gradient[e] = vec4f(0.0);
  }
  var given: array<vec4f, V4>;
  for (var e = 0u; e < V4; e++) { given[e] = dy[at * V4 + e]; }
  let row = row_of(at);
  let end = end_of_keys(first);
  for (var start = params.first; start < end; start += KEYS) {
    let n = min(KEYS, end - start);
    bring_keys(b * params.keys + start, n, lane);
    for (var j = 0u; j < n; j++) {
      var score = 0.0;
      for (var e = 0u; e < E4; e++) {
        score += dot(query[e], k_tile[j * E4 + e]);
      }
      var along = 0.0;
      for (var e = 0u; e < V4; e++) {
        along += dot(given[e], v_tile[j * V4 + e]);
      }
      let ds = pair_of(score, along, bias(b, i, start + j), row).y;
      for (var e = 0u; e < E4; e++) { gradient[e] += ds * k_tile[j * E4 + e]; }
    }
    workgroupBarrier();
  }
  if (first + lane >= params.queries) { return; } // guard; no more barriers
  for (var e = 0u; e < E4; e++) {
    var sum = gradient[e] * params.scale;
    if (params.first > 0u) { sum += dq[at * E4 + e]; }
    dq[at * E4 + e] = sum;
  }
}
