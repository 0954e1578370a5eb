// gather: y[o, k, i] = x[o, index(o, k, i), i].
//
// prepended  T: type of an element while computing; x with load_x(i) -> T, y
//            with store_y(quad, vec4<T>), index with load_index(i) -> i32;
//            BY_ROW: whether index is [count] or [outer, count, inner];
//            missing() -> T, what an index outside of x gives
// x          [outer, length, inner], row-major from `offset` on
// index      row-major from `index_offset` on
// y          [outer, count, inner], row-major
// dispatch   one invocation a quad of y, folded over x and y

struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  count: u32,
  offset: u32,
  index_offset: u32,
}

const GROUP = 64u;

@group(0) @binding(3) var<uniform> params: Params;

fn pick(e: u32) -> T {
  let i = e % params.inner;
  let k = (e / params.inner) % params.count;
  let o = e / (params.inner * params.count);
  let r = load_index(params.index_offset + select(e, k, BY_ROW));
  if (r < 0 || u32(r) >= params.length) { return missing(); }
  return load_x(params.offset + (o * params.length + u32(r)) * params.inner + i);
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let size = params.outer * params.count * params.inner;
  let quad = id.y * groups.x * GROUP + id.x;
  if (quad * 4u >= size) { return; } // guard
  var result: vec4<T>;
  for (var e = 0u; e < 4u; e++) {
    // Past the end the last element is picked again, into padding.
    result[e] = pick(min(quad * 4u + e, size - 1u));
  }
  store_y(quad, result);
}
