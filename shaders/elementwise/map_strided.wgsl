// map_strided: out[i] = op(a[i], b[i], c[i]), each operand with its own strides.
//
// prepended  Params, GROUP, length_of and locate (lib/places.wgsl)
//            RUN: u32, neighbouring quads of an invocation; bindings 0.. of the
//            operands and of out, and
//            map(at) -> the result for the elements at.x of a, at.y of b, at.z
//            of c; store(quad, at, n, results) -> writes four results, dense at
//            `quad`, or the first n each where it belongs
// operands   f32, f16, i32, u32 one to a word, u8 and bool four to a word;
//            a broadcast dim has stride 0; negative strides wrap around
// dispatch   GROUP invocations a workgroup, folded over x and y
// geometry   as in map_rows.wgsl

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let start = (id.y * groups.x * GROUP + id.x) * RUN;
  if (start * 4u >= params.size) { return; } // guard
  let inner = max(params.rank, 1u) - 1u; // a scalar has no dim, but a shape of 1
  let length = length_of(inner);
  let step = params.strides[inner];
  var next = locate(start * 4u);
  var column = start * 4u % length;
  for (var quad = start; quad < start + RUN; quad++) {
    let first = quad * 4u;
    if (first >= params.size) { return; } // guard
    var at: array<vec4u, 4>;
    var result: vec4<R>;
    for (var k = 0u; k < 4u; k++) {
      at[k] = next;
      result[k] = map(next);
      // Past the end the last element is made again; only dense stores keep it.
      if (first + k + 1u < params.size) {
        column++;
        next += step;
        if (column >= length) {
          next = locate(first + k + 1u);
          column = 0u;
        }
      }
    }
    store(quad, at, min(params.size - first, 4u), result);
  }
}
