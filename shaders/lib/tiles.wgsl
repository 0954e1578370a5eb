// tiles: slices of two matrices in workgroup memory, of which 256 invocations make
// a tile of their product, SIDE x SIDE.
//
// prepended  SIDE: u32, 64 or 128

const DEPTH = 16u;
const QUADS = SIDE / 4u;
// One more than needed: lanes that store one column of a slice meet other banks.
const LINE = QUADS + 1u;

// [DEPTH][LINE] each: one step of the sum after the other.
var<workgroup> a_tile: array<vec4f, DEPTH * LINE>;
var<workgroup> b_tile: array<vec4f, DEPTH * LINE>;

// 4 x 4 outputs, a row in each column, after one step: p of a column of the one
// matrix times q of a row of the other.
fn step(c: mat4x4f, p: vec4f, q: vec4f) -> mat4x4f {
  return mat4x4f(
    fma(vec4f(p.x), q, c[0]),
    fma(vec4f(p.y), q, c[1]),
    fma(vec4f(p.z), q, c[2]),
    fma(vec4f(p.w), q, c[3]),
  );
}
