// places: where the elements of maps lie whose operands have strides of their own,
// and what the kernels of such maps are told.
//
// prepended  the binding of `params`

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

fn length_of(dim: u32) -> u32 { return params.shape[dim / 4u][dim % 4u]; }

// Where element `i` of the result lies in a, b, c and out.
fn locate(i: u32) -> vec4u {
  var at = params.offsets;
  var rest = i;
  for (var dim = params.rank; dim > 0u; dim--) {
    let length = length_of(dim - 1u);
    at += (rest % length) * params.strides[dim - 1u];
    rest /= length;
  }
  return at;
}
