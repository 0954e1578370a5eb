// segments: what each segment of equal indices comes to, at the rank c where it
// begins:
//
//     y[o, c, i] = src[o, k, i] of its ranks, joined in rising order
//
// so that scatter_sorted.wgsl joins segments where there would be too many
// elements of one index for an invocation.
//
// prepended  T: type of an element while computing, and in y; src with
//            load_src(i) -> T; join(T, T) -> T; the functions of ranks
//            (lib/ranks.wgsl)
// src        [outer, count, inner], row-major from `src_offset` on
// y          [outer, count, inner]; nothing is written where no segment begins
// dispatch   outer * count * inner invocations, folded over x and y

const GROUP = 64u;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let at = id.y * groups.x * GROUP + id.x;
  if (at >= params.outer * params.count * params.inner) { return; } // guard
  let i = at % params.inner;
  let begin = (at / params.inner) % params.count;
  let o = at / (params.inner * params.count);
  let own = ranked(o, begin, i);
  let begins = begin % RUN == 0u || ranked(o, max(begin, 1u) - 1u, i).y != own.y;
  if (!begins) { return; } // guard
  let row = params.src_offset + o * params.count * params.inner + i;
  var total = load_src(row + u32(own.x) * params.inner);
  for (var c = begin + 1u; c < end_of(begin); c++) {
    let hit = ranked(o, c, i);
    if (hit.y != own.y) { break; }
    total = join(total, load_src(row + u32(hit.x) * params.inner));
  }
  y[at] = total;
}
