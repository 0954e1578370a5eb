// map_rows: out[i] = op(a[i], b[i], c[i]) where, along the innermost dim, every
// operand lies densely or repeats one element, and no quad crosses a row's end.
//
// prepended  Params, GROUP, length_of and locate (lib/places.wgsl)
//            RUN: u32, neighbouring quads of an invocation; bindings 0.. of the
//            operands and of out, and
//            map(at) -> the four results for the quads (or the one element)
//            that begin at at.x of a, at.y of b, at.z of c, at.w of out;
//            store(quad, results)
// operands   f32, f16, i32, u32 one to a word, u8 and bool four to a word;
//            a broadcast dim has stride 0
// out        row-major; the size of its innermost dim is a multiple of 4
// dispatch   GROUP invocations a workgroup, folded over x and y
// geometry   Divisions cost more than the op where integers are divided lane by
//            lane: an adapter that runs on the CPU finds the place of the first
//            quad of a long run and steps from there.

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let first = (id.y * groups.x * GROUP + id.x) * RUN;
  if (first * 4u >= params.size) { return; } // guard
  let inner = params.rank - 1u;
  let length = length_of(inner);
  let step = params.strides[inner] * 4u;
  var at = locate(first * 4u);
  var column = first * 4u % length;
  for (var k = 0u; k < RUN; k++) {
    let quad = first + k;
    if (quad * 4u >= params.size) { return; } // guard
    store(quad, map(at));
    column += 4u;
    at += step;
    if (column >= length && k + 1u < RUN) {
      at = locate(quad * 4u + 4u);
      column = 0u;
    }
  }
}
