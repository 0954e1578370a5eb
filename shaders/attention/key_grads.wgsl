// attention_key_grads: gradients of forward.wgsl with respect to keys and values.
//
//     dv_j = sum over i of p_ij dy_i
//     dk_j = scale * sum over i of ds_ij q_i
//
// prepended  Params, q, k, v and what comes before them (lib/attention.wgsl); p, ds,
//            dy and rows (lib/attention_grads.wgsl)
// dk, dv     like k and v
// dispatch   a workgroup for GROUP keys of a batch, folded over x and y
// geometry   A lane holds its key, its value and their gradients. Queries, dy and
//            rows come by tiles into workgroup memory.

@group(0) @binding(6) var<storage, read_write> dk: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dv: array<vec4f>;
@group(0) @binding(8) var<uniform> params: Params;

var<workgroup> q_tile: array<vec4f, KEYS * E4>;
var<workgroup> dy_tile: array<vec4f, KEYS * V4>;
var<workgroup> row_tile: array<vec2f, KEYS>;

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
  // past the end the last key is taken again: no lane may miss a barrier
  let j = min(first + lane, params.keys - 1u);
  let at = b * params.keys + j;
  var key: array<vec4f, E4>;
  var key_grad: array<vec4f, E4>;
  for (var e = 0u; e < E4; e++) {
    key[e] = k[at * E4 + e];
    key_grad[e] = vec4f(0.0);
  }
  var value: array<vec4f, V4>;
  var value_grad: array<vec4f, V4>;
  for (var e = 0u; e < V4; e++) {
    value[e] = v[at * V4 + e];
    value_grad[e] = vec4f(0.0);
  }
  // a causal key is seen by the queries from its own number on
  let top = max(params.first, select(0u, first, CAUSAL));
  for (var start = top; start < params.end; start += KEYS) {
    let n = min(KEYS, params.end - start);
    let row = b * params.queries + start;
    for (var t = lane; t < n * E4; t += GROUP) { q_tile[t] = q[row * E4 + t]; }
    for (var t = lane; t < n * V4; t += GROUP) { dy_tile[t] = dy[row * V4 + t]; }
    for (var t = lane; t < n; t += GROUP) { row_tile[t] = row_of(row + t); }
    workgroupBarrier();
    for (var i = 0u; i < n; i++) {
      var score = 0.0;
      for (var e = 0u; e < E4; e++) {
        score += dot(key[e], q_tile[i * E4 + e]);
      }
      var along = 0.0;
      for (var e = 0u; e < V4; e++) {
        along += dot(value[e], dy_tile[i * V4 + e]);
      }
      let pair = pair_of(score, along, bias(b, start + i, j), row_tile[i]);
      for (var e = 0u; e < V4; e++) { value_grad[e] += pair.x * dy_tile[i * V4 + e]; }
      for (var e = 0u; e < E4; e++) { key_grad[e] += pair.y * q_tile[i * E4 + e]; }
    }
    workgroupBarrier();
  }
  if (first + lane >= params.keys) { return; } // guard; no more barriers
  for (var e = 0u; e < E4; e++) {
    var sum = key_grad[e] * params.scale;
    if (params.first > 0u) { sum += dk[at * E4 + e]; }
    dk[at * E4 + e] = sum;
  }
  for (var e = 0u; e < V4; e++) {
    var sum = value_grad[e];
    if (params.first > 0u) { sum += dv[at * V4 + e]; }
    dv[at * V4 + e] = sum;
  }
}
