// scatter_sorted: as scatter.wgsl, where there are many indices: a destination
// finds its own by binary search in the sorted index instead of looking at all.
//
// prepended  as in scatter.wgsl; the functions of ranks (lib/ranks.wgsl);
//            SEGMENTED: bool, whether src holds, at the rank where a segment
//            begins, what the segment comes to (segments.wgsl)
// dispatch   one invocation a quad of y, folded over x and y
// geometry   The sum of a destination has the order that scatter.wgsl gives it,
//            so both kernels give the same bits.

const GROUP = 64u;

// How many indices are below r: where those of r begin.
fn first_of(o: u32, r: i32, i: u32) -> u32 {
  var low = 0u;
  var high = params.count;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (ranked(o, middle, i).y < r) { low = middle + 1u; } else { high = middle; }
  }
  return low;
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let size = params.outer * params.length * params.inner;
  let quad = id.y * groups.x * GROUP + id.x;
  let first = quad * 4u;
  if (first >= size) { return; } // guard
  var result: vec4<T>;
  for (var e = 0u; e < 4u; e++) {
    result[e] = base(params.offset + min(first + e, size - 1u));
  }
  let together = BY_ROW && params.inner % 4u == 0u;
  for (var e = 0u; e < select(min(4u, size - first), 1u, together); e++) {
    let i = (first + e) % params.inner;
    let r = i32(((first + e) / params.inner) % params.length);
    let o = (first + e) / (params.inner * params.length);
    var next = 0u;
    for (var c = first_of(o, r, i); c < params.count; c = next) {
      let hit = ranked(o, c, i);
      if (hit.y != r) { break; }
      next = select(c + 1u, end_of(c), SEGMENTED);
      let k = select(u32(hit.x), c, SEGMENTED);
      let at = params.src_offset + (o * params.count + k) * params.inner + i;
      if (together) {
        result[0] = join(result[0], load_src(at));
        result[1] = join(result[1], load_src(at + 1u));
        result[2] = join(result[2], load_src(at + 2u));
        result[3] = join(result[3], load_src(at + 3u));
      } else {
        result[e] = join(result[e], load_src(at));
      }
    }
  }
  store_y(quad, result);
}
