// attention_grads: what a pair of a query and a key adds to gradients.
//
//     p_ij = exp(s_ij - lse_i)
//     ds_ij = p_ij * (dot(dy_i, v_j) - delta_i),  delta_i = dot(dy_i, y_i)
//
// prepended  Params and what comes before it (lib/attention.wgsl); is_nan(f32) ->
//            bool
// dy         f32 [batches, queries, 4 * V4]
// rows       f32 [2, batches, queries]: lse, then delta
// special    a query that sees no key has an lse of NaN: NaN in all it adds to

@group(0) @binding(4) var<storage, read> dy: array<vec4f>;
@group(0) @binding(5) var<storage, read> rows: array<f32>;

// lse and delta of query `i` of all batches.
fn row_of(i: u32) -> vec2f {
  return vec2f(rows[i], rows[params.batches * params.queries + i]);
}

// (p, ds), 0 where the bias hides the key: of q times k, of dy times v, of what is
// added to the score, and of the query's lse and delta.
fn pair_of(score: f32, along: f32, added: f32, row: vec2f) -> vec2f {
  let is_seen = !is_hidden(added) || is_nan(row.x);
  let p = select(0.0, exp(score * params.scale + added - row.x), is_seen);
  return vec2f(p, select(0.0, p * (along - row.y), is_seen));
}
