// arg_extreme: index[o, part, i] = the r of one part at which x[o, r, i] beats
// all others; of equals the first.
//
// prepended  T: type of an element while computing; x with load_x(i) -> T, index
//            as array<i32>; beats(T, T) -> bool, whether the first is better;
//            candidate(o, c, i) -> u32: the r of one of [outer, count, inner], c
//            itself in a first pass, else what the pass before chose;
//            the binding of params
// x          [outer, length, inner], row-major from `offset` on
// index      [outer, parts, inner]
// dispatch   outer * parts * inner invocations, folded over x and y
// geometry   as in fold_columns.wgsl: parts are walked alone, and a second pass
//            chooses among their winners

struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  count: u32, // candidates along the dim
  parts: u32,
  run: u32, // candidates of a part, the last one may have fewer
  offset: u32,
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
  let first = min(part * params.run, params.count - 1u);
  let end = min(first + params.run, params.count);
  let base = params.offset + o * params.length * params.inner + i;
  var best = candidate(o, first, i);
  var top = load_x(base + best * params.inner);
  for (var c = first + 1u; c < end; c++) {
    let r = candidate(o, c, i);
    let value = load_x(base + r * params.inner);
    if (beats(value, top)) {
      top = value;
      best = r;
    }
  }
  index[k] = i32(best);
}
