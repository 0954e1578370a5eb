// map_rows: out[i] = op(a[i], b[i], c[i]) where, along the innermost dim, every
// operand lies densely or repeats one element, and no quad crosses a row's end.
//
// prepended  bindings 0.. of the operands and of out, and
//            map(at) -> the four results for the quads (or the one element)
//            that begin at at.x of a, at.y of b, at.z of c, at.w of out;
//            store(quad, results)
// operands   f32, f16, i32, u32 one to a word, u8 and bool four to a word;
//            a broadcast dim has stride 0
// out        row-major; the size of its innermost dim is a multiple of 4
// dispatch   GROUP invocations a workgroup, one quad each, folded over x and y

struct Params {
  size: u32, // elements of out
  rank: u32,
  pad0: u32, pad1: u32,
  offsets: vec4u, // of a, b, c and out, in elements
  scalars: vec4u, // bits of operands that are plain numbers
  shape: array<vec4u, 2>, // sizes of dims 0 to 7
  strides: array<vec4u, 8>, // of a, b, c and out, for each dim
}

const GROUP = 64u;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let quad = id.y * groups.x * GROUP + id.x;
  if (quad * 4u >= params.size) { return; } // guard
  var at = params.offsets;
  var rest = quad * 4u;
  for (var dim = params.rank; dim > 0u; dim--) {
    let length = params.shape[(dim - 1u) / 4u][(dim - 1u) % 4u];
    at += (rest % length) * params.strides[dim - 1u];
    rest /= length;
  }
  store(quad, map(at));
}
