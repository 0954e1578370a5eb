// map_strided: out[i] = op(a[i], b[i], c[i]), each operand with its own strides.
//
// prepended  bindings 0.. of the operands and of out, and
//            map(at) -> the result for the elements at.x of a, at.y of b, at.z
//            of c; store(quad, first, results) -> writes four results, dense at
//            `quad`, or each where it belongs
// operands   f32, f16, i32, u32 one to a word, u8 and bool four to a word;
//            a broadcast dim has stride 0; negative strides wrap around
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
  let quad = id.y * groups.x * GROUP + id.x;
  let first = quad * 4u;
  if (first >= params.size) { return; }
  var at: array<vec4u, 4>;
  var result: vec4<R>;
  at[0] = locate(first);
  let inner = params.rank - 1u; // wraps for a scalar, which has no next element
  let length = params.shape[(inner / 4u) % 2u][inner % 4u];
  for (var k = 1u; k < 4u; k++) {
    // One step along the innermost dim, unless a row ends here. Past the end
    // the last element is made again; only dense stores keep it.
    if ((first + k) % length == 0u || first + k >= params.size) {
      at[k] = locate(min(first + k, params.size - 1u));
    } else {
      at[k] = at[k - 1u] + params.strides[inner];
    }
  }
  for (var k = 0u; k < 4u; k++) { result[k] = map(at[k]); }
  store(quad, at, min(params.size - first, 4u), result);
}
