// fold_columns: y[o, part, i] = fold of x[o, r, i] over the r of one part.
//
// prepended  V: one element while computing, or four neighbouring columns; Y:
//            the same in memory; element(i, own: V) -> V: element i of x (binding
//            0), or what is made of it and of own_of(cell) -> V, a value for
//            each (o, i); empty() -> V, the fold of nothing; join(V, V) -> V;
//            finish(V) -> Y; the bindings of y and params
// x          [outer, length, inner], in V, row-major from `offset` on
// y          [outer, parts, inner], in Y, row-major
// dispatch   outer * parts * inner invocations, folded over x and y
// geometry   An invocation walks its part alone, from first to last: no
//            workgroup memory, no order that depends on scheduling. Long runs
//            are cut in parts, which a second pass folds again; that also
//            keeps the error of a sum in line with the logarithm of its length.

struct Params {
  outer: u32,
  length: u32,
  inner: u32, // in V
  parts: u32,
  run: u32, // of a part, the last one may have fewer
  offset: u32, // in V
  scale: f32, // finish may multiply by it
  center: u32, // offset of the values of element(), if there are any
}

const GROUP = 64u;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let k = id.y * groups.x * GROUP + id.x;
  if (k >= params.outer * params.parts * params.inner) { return; } // guard
  let i = k % params.inner;
  let part = (k / params.inner) % params.parts;
  let o = k / (params.inner * params.parts);
  let first = part * params.run;
  let count = min(params.run, params.length - min(first, params.length));
  var at = params.offset + (o * params.length + first) * params.inner + i;
  let own = own_of(o * params.inner + i);
  var total = empty();
  for (var r = 0u; r < count; r++) {
    total = join(total, element(at, own));
    at += params.inner;
  }
  y[k] = finish(total);
}
