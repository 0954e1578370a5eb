// map_fused: several maps in one pass, each reading what those before it made.
//
// prepended  RUN: u32, quads of an invocation; ROWS: bool, whether operands
//            repeat along some dims; bindings 0.. of what is read and written,
//            and fuse(q, at), which does everything for quad q (elements 4q to
//            4q + 3 of the results), at.x to at.w being where the quads, or the
//            one element, of up to four operands that repeat begin
// operands   f32, f16, i32 or u32 one to a word, u8 and bool four to a word;
//            offsets of those that lie as the results do are multiples of 4
// results    row-major, of one size; with ROWS the size of the innermost dim is
//            a multiple of 4
// dispatch   GROUP invocations a workgroup, folded over x and y
// rounding   as in one kernel after the other: NOTE [seal] in lib/seal.wgsl
// geometry   as in map_dense.wgsl, with ROWS as in map_rows.wgsl

struct Params {
  size: u32, // elements of a result
  rank: u32, // dims of `shape`
  zero: u32, // is 0, which the compiler can't know
  pad0: u32,
  shape: vec4u,
  strides: array<vec4u, 4>, // of the operands that repeat, for each dim
  starts: vec4u, // of the operands that repeat, in elements
  offsets: array<vec4u, 4>, // of others: in quads, of single elements in elements
  scalars: array<vec4u, 4>, // bits of operands that are plain numbers
}

const GROUP = 64u;
const LANES = 8u;

// Where element `i` of the results lies in the operands that repeat.
fn locate(i: u32) -> vec4u {
  var at = params.starts;
  var rest = i;
  for (var dim = params.rank; dim > 0u; dim--) {
    let length = params.shape[dim - 1u];
    at += (rest % length) * params.strides[dim - 1u];
    rest /= length;
  }
  return at;
}

fn fuse_rows(first: u32, quads: u32) {
  if (first >= quads) { return; } // guard
  let inner = params.rank - 1u;
  let length = params.shape[inner];
  let step = params.strides[inner] * 4u;
  var at = locate(first * 4u);
  var column = first * 4u % length;
  for (var quad = first; quad < min(first + RUN, quads); quad++) {
    fuse(quad, at);
    column += 4u;
    at += step;
    if (column >= length) {
      at = locate(quad * 4u + 4u);
      column = 0u;
    }
  }
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let invocation = id.y * groups.x * GROUP + id.x;
  let quads = (params.size + 3u) / 4u;
  if (ROWS) {
    fuse_rows(invocation * RUN, quads);
  } else {
    let first = (invocation / LANES) * (LANES * RUN) + invocation % LANES;
    for (var k = 0u; k < RUN; k++) {
      let quad = first + k * LANES;
      // The last quad may reach past the size: buffers are whole words of four.
      if (quad < quads) { fuse(quad, vec4u()); } // guard
    }
  }
}
