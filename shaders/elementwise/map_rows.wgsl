// map_rows: out[i] = op(a[i], b[i], c[i]) where, along the innermost dim, every
// operand lies densely or repeats one element, and no quad crosses a row's end.
//
// prepended  RUN: u32, neighbouring quads of an invocation; bindings 0.. of the
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

// Where element `i` of the result lies in a, b, c and out.
fn locate(i: u32) -> vec4u {
  var at = params.offsets;
  var rest = i;
  for (var dim = params.rank; dim > 0u; dim--) {
    let length = params.shape[(dim - 1u) / 4u][(dim - 1u) % 4u];
    at += (rest % length) * params.strides[dim - 1u];
    rest /= length;
  }
  return at;
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let first = (id.y * groups.x * GROUP + id.x) * RUN;
  if (first * 4u >= params.size) { return; } // guard
  let inner = params.rank - 1u;
  let length = params.shape[inner / 4u][inner % 4u];
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
