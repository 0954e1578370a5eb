// attention_forward: softmax(q k^T * scale + bias) v, with no matrix of scores in
// memory.
//
//     s_j = dot(q_i, k_j) * scale + bias(b, i, j)
//     y_i = sum of exp(s_j - highest) v_j / sum,  lse_i = highest + log(sum)
//
// prepended  Params, q, k, v and what comes before them (lib/attention.wgsl); tiles
//            of keys (lib/attention_keys.wgsl); nan() -> f32
// y          f32 [batches, queries, 4 * V4], row-major
// lse        f32 [batches, queries]
// dispatch   a workgroup for GROUP queries of a batch, folded over x and y. Where
//            params.first is above 0, y and lse are those of the keys before it,
//            and what comes of the keys here is joined with them
// special    a query that sees no key: NaN, its lse too; as long as there are keys
//            to come 0, and an lse of LOWEST
// geometry   A lane holds its query and its output in registers. Keys and values
//            come by tiles into workgroup memory, where all lanes read the same
//            one at a time. What a new maximum makes of the sum and the output
//            is told once for a tile.
// source     Milakov & Gimelshein 2018, arXiv:1805.02867; Dao et al. 2022,
//            arXiv:2205.14135

@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

const LOWEST = -0x1.fffffep+127f; // WGSL has no literal for -infinity

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
  // past the end the last query is answered again: no lane may miss a barrier
  let i = min(first + lane, params.queries - 1u);
  var query: array<vec4f, E4>;
  let at = b * params.queries + i;
  for (var e = 0u; e < E4; e++) { query[e] = q[at * E4 + e]; }
  var output: array<vec4f, V4>;
  for (var e = 0u; e < V4; e++) { output[e] = vec4f(0.0); }
  var highest = LOWEST;
  var sum = 0.0;
  let end = end_of_keys(first);
  for (var start = params.first; start < end; start += KEYS) {
    let n = min(KEYS, end - start);
    bring_keys(b * params.keys + start, n, lane);
    var scores: array<f32, KEYS>;
    var seen: array<bool, KEYS>;
    var top = highest;
    for (var j = 0u; j < KEYS; j++) {
      var score = 0.0;
      if (j < n) { // guard
        for (var e = 0u; e < E4; e++) {
          score += dot(query[e], k_tile[j * E4 + e]);
        }
      }
      let added = bias(b, i, min(start + j, params.keys - 1u));
      seen[j] = j < n && !is_hidden(added);
      scores[j] = score * params.scale + added;
      top = select(top, max(top, scores[j]), seen[j]);
    }
    let shrink = exp(highest - top);
    highest = top;
    sum *= shrink;
    for (var e = 0u; e < V4; e++) { output[e] *= shrink; }
    for (var j = 0u; j < KEYS; j++) {
      let p = select(0.0, exp(scores[j] - top), seen[j]);
      sum += p;
      if (j < n) { // guard
        for (var e = 0u; e < V4; e++) { output[e] += p * v_tile[j * V4 + e]; }
      }
    }
    workgroupBarrier();
  }
  if (first + lane >= params.queries) { return; } // guard; no more barriers
  let is_blind = sum == 0.0;
  // by its bits: NaN is not LOWEST either
  let has_before = params.first > 0u &&
    bitcast<u32>(lse[at]) != bitcast<u32>(LOWEST);
  if (has_before) {
    if (is_blind) { return; }
    // sums of parts are joined once: small terms would drown in a sum of 1
    let own = highest + log(sum);
    let top = max(lse[at], own);
    let shares = exp(vec2f(lse[at], own) - top);
    let total = shares.x + shares.y;
    for (var e = 0u; e < V4; e++) {
      let here = output[e] / sum;
      y[at * V4 + e] = (shares.x * y[at * V4 + e] + shares.y * here) / total;
    }
    lse[at] = top + log(total);
    return;
  }
  let is_last = params.end == params.keys;
  let nothing = vec4f(select(0.0, nan(), is_last));
  for (var e = 0u; e < V4; e++) {
    y[at * V4 + e] = select(output[e] / sum, nothing, is_blind);
  }
  lse[at] = select(highest + log(sum), select(LOWEST, nan(), is_last), is_blind);
}
