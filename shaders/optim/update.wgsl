// update: one step of an optimizer on a run of flat parameters, in place.
//
// prepended  bindings 0.. of the gradients g, the parameters p and the states
//            of the rule; P4, four parameters; and, of quads (four
//            neighbouring elements), update(q): loads quad q of everything,
//            applies the rule of src/optim and stores what it changed
// g, p       f32 or f16, contiguous, of one length, a multiple of 4
// states     f32, lying as p does
// dispatch   GROUP invocations a workgroup, QUADS quads each, folded over x, y
// geometry   8 lanes take 8 neighbouring quads, then the 8 after them, as in
//            elementwise/map_dense.wgsl

struct Params {
  first: u32, // the quad at which the run begins
  quads: u32, // of the run
  pad0: u32, pad1: u32,
  scalars: array<vec4f, 4>, // the numbers of the rule
}

const GROUP = 64u;
const LANES = 8u;
const QUADS = 4u;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let invocation = id.y * groups.x * GROUP + id.x;
  let begin = (invocation / LANES) * (LANES * QUADS) + invocation % LANES;
  for (var k = 0u; k < QUADS; k++) {
    let quad = begin + k * LANES;
    if (quad < params.quads) { update(params.first + quad); } // guard
  }
}
