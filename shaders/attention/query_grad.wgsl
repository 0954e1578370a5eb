// attention_query_grad: gradient of forward.wgsl with respect to the queries.
//
//     p_ij = exp(s_ij - lse_i)
//     ds_ij = p_ij * (dot(dy_i, v_j) - delta_i),  delta_i = dot(dy_i, y_i)
//     dq_i = scale * sum over j of ds_ij k_j
//
// prepended  as in forward.wgsl; is_nan(f32) -> bool
// q, k, v    as in forward.wgsl; dy like y, dq like q
// rows       f32 [2, batches, queries]: lse, then delta
// dispatch   as in forward.wgsl
// special    a query that sees no key: NaN, in what it adds to dk and dv, too
// geometry   as in forward.wgsl: a lane holds its query, dy and dq

@group(0) @binding(0) var<storage, read> q: array<vec4f>;
@group(0) @binding(1) var<storage, read> k: array<vec4f>;
@group(0) @binding(2) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;
@group(0) @binding(5) var<storage, read> rows: array<f32>;
@group(0) @binding(6) var<storage, read_write> dq: array<vec4f>;
@group(0) @binding(7) var<uniform> params: Params;

var<workgroup> k_tile: array<vec4f, KEYS * E4>;
var<workgroup> v_tile: array<vec4f, KEYS * V4>;

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
  let lse = rows[at];
  let delta = rows[params.batches * params.queries + at];
  let end = select(params.keys, min(params.keys, first + GROUP), CAUSAL);
  for (var start = 0u; start < end; start += KEYS) {
    let n = min(KEYS, end - start);
    let row = b * params.keys + start;
    for (var t = lane; t < n * E4; t += GROUP) { k_tile[t] = k[row * E4 + t]; }
    for (var t = lane; t < n * V4; t += GROUP) { v_tile[t] = v[row * V4 + t]; }
    workgroupBarrier();
    for (var j = 0u; j < n; j++) {
      var score = 0.0;
      for (var e = 0u; e < E4; e++) {
        score += dot(query[e], k_tile[j * E4 + e]);
      }
      var along = 0.0;
      for (var e = 0u; e < V4; e++) {
        along += dot(given[e], v_tile[j * V4 + e]);
      }
      let added = bias(b, i, start + j);
      let p = exp(score * params.scale + added - lse);
      let is_seen = !is_hidden(added) || is_nan(lse);
      let ds = select(0.0, p * (along - delta), is_seen);
      for (var e = 0u; e < E4; e++) { gradient[e] += ds * k_tile[j * E4 + e]; }
    }
    workgroupBarrier();
  }
  if (first + lane >= params.queries) { return; } // guard; no more barriers
  for (var e = 0u; e < E4; e++) { dq[at * E4 + e] = gradient[e] * params.scale; }
}
