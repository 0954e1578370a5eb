// map_dense: out[i] = op(a[i], b[i], c[i]) where every operand lies as out does.
//
// prepended  RUN: u32, quads of an invocation; bindings 0.. of the operands and
//            of out, and, of quads (four neighbouring elements, quad q being
//            elements 4q to 4q + 3):
//            map(q) -> their four results, store(q, results)
// operands   f32, f16, i32 or u32 one to a word, u8 and bool four to a word;
//            offsets are multiples of 4
// dispatch   GROUP invocations a workgroup, RUN quads each, folded over x, y
// geometry   8 lanes take 8 neighbouring quads, then the 8 after them: adapters
//            that run 8 lanes to the end before the next 8 walk the cache once

struct Params {
  size: u32, // elements
  a: u32, b: u32, c: u32, // offsets in elements
  out: u32,
  pad0: u32, pad1: u32, pad2: u32,
  scalars: vec4u, // bits of operands that are plain numbers
}

const GROUP = 64u;
const LANES = 8u;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let invocation = id.y * groups.x * GROUP + id.x;
  let first = (invocation / LANES) * (LANES * RUN) + invocation % LANES;
  let quads = (params.size + 3u) / 4u;
  for (var k = 0u; k < RUN; k++) {
    let quad = first + k * LANES;
    // The last quad may reach past the size: buffers are whole words of four.
    if (quad < quads) { store(quad, map(quad)); } // guard
  }
}
