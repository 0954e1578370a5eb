// scatter: y[o, r, i] = x[o, r, i] joined with src[o, k, i] of every k, in rising
// order, whose index(o, k, i) is r.
//
// prepended  T: type of an element while computing; src with load_src(i) -> T,
//            y with store_y(quad, vec4<T>), index with load_index(i) -> i32;
//            BY_ROW: whether index is [count] or [outer, count, inner];
//            base(i) -> T: element i of x, or zero; join(T, T) -> T;
//            the binding of params
// src        [outer, count, inner], row-major from `src_offset` on
// index      row-major from `index_offset` on; outside of x: left out
// y          [outer, length, inner], row-major, for each part of the indices; parts
//            begin at multiples of four elements, and the first one holds x
// dispatch   one invocation a quad of y for each part, folded over x and y
// geometry   Every destination looks at all indices of a part itself: no atomics,
//            so the order of a sum never depends on scheduling. Where the four
//            elements of a quad share their row they share the search.

struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  count: u32,
  src_offset: u32,
  index_offset: u32,
  offset: u32, // of x
  run: u32, // indices of a part
  parts: u32,
}

const GROUP = 64u;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let size = params.outer * params.length * params.inner;
  let quads = (size + 3u) / 4u;
  let k = id.y * groups.x * GROUP + id.x;
  let part = k / quads;
  if (part >= params.parts) { return; } // guard
  let first = (k % quads) * 4u;
  let begin = part * params.run;
  let end = min(begin + params.run, params.count);
  var result: vec4<T>;
  if (part == 0u) {
    for (var e = 0u; e < 4u; e++) {
      result[e] = base(params.offset + min(first + e, size - 1u));
    }
  }
  if (BY_ROW && params.inner % 4u == 0u) {
    let r = i32((first / params.inner) % params.length);
    let o = first / (params.inner * params.length);
    var at = params.src_offset + (o * params.count + begin) * params.inner +
      first % params.inner;
    for (var k = begin; k < end; k++) {
      if (load_index(params.index_offset + k) == r) {
        result[0] = join(result[0], load_src(at));
        result[1] = join(result[1], load_src(at + 1u));
        result[2] = join(result[2], load_src(at + 2u));
        result[3] = join(result[3], load_src(at + 3u));
      }
      at += params.inner;
    }
  } else {
    for (var e = 0u; e < min(4u, size - first); e++) {
      let i = (first + e) % params.inner;
      let r = i32(((first + e) / params.inner) % params.length);
      let o = (first + e) / (params.inner * params.length);
      var at = (o * params.count + begin) * params.inner + i;
      for (var k = begin; k < end; k++) {
        let index = load_index(params.index_offset + select(at, k, BY_ROW));
        if (index == r) {
          result[e] = join(result[e], load_src(params.src_offset + at));
        }
        at += params.inner;
      }
    }
  }
  store_y(k, result);
}
