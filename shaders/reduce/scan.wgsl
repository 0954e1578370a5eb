// scan: y[o, r, i] = fold of x[o, 0 to r, i], each part going on from the fold of
// the parts before it.
//
// prepended  T: type while computing, also called V; Y: the same in memory;
//            binding 0: x with load_x(i) -> T; empty() -> T; join(T, T) -> T
// x          [outer, length, inner], row-major from `offset` on
// carry      T [outer, parts, inner]: the fold up to the end of each part
// y          [outer, length, inner], row-major
// dispatch   outer * parts * inner invocations, folded over x and y

struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  parts: u32,
  run: u32,
  offset: u32,
}

const GROUP = 64u;

@group(0) @binding(1) var<storage, read> carry: array<T>;
@group(0) @binding(2) var<storage, read_write> y: array<Y>;
@group(0) @binding(3) var<uniform> params: Params;

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
  var at = (o * params.length + first) * params.inner + i;
  var total = empty();
  if (part > 0u) { total = carry[k - params.inner]; }
  for (var r = 0u; r < count; r++) {
    total = join(total, load_x(params.offset + at));
    y[at] = Y(total);
    at += params.inner;
  }
}
