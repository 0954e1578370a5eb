// max_2x2_grad: gradient of max_2x2.wgsl, where x has no odd row.
//
// prepended  put(i, x: vec4f), which writes to dx and may do more
// dy         f32 [planes, h / 2, w / 2], row-major from `offset` on, which is a
//            multiple of 4
// codes      bytes in the shape of dy
// dx         f32 [planes, h, w]; w is a multiple of 4
// dispatch   an invocation for four neighbouring elements of dy, which writes
//            the sixteen of dx under them, folded over x and y

struct Params {
  pairs: u32, // of elements of dy
  row_pairs: u32, // of a row of dy
  rows: u32,
  odd: u32, // 0
  offset: u32, // in vec4
}

const GROUP = 64u;

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> codes: array<u32>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

// Writes both rows under the pair in column `c` of row `r` of all rows of dy.
fn write_pair(r: u32, c: u32, g: vec2f, code: vec2u) {
  let at = 2u * r * params.row_pairs + c;
  let value = g.xxyy;
  let tap = code.xxyy;
  put(at, select(vec4f(0.0), value, tap == vec4u(0, 1, 0, 1)));
  put(at + params.row_pairs, select(vec4f(0.0), value, tap == vec4u(2, 3, 2, 3)));
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let quad = id.y * groups.x * GROUP + id.x;
  let pair = quad * 2u;
  if (pair >= params.pairs) { return; } // guard
  let r = pair / params.row_pairs;
  let c = pair - r * params.row_pairs;
  let g = dy[params.offset + quad];
  let code = unpack4xU8(codes[quad]);
  write_pair(r, c, g.xy, code.xy);
  if (pair + 1u < params.pairs) { // guard
    let wraps = c + 1u == params.row_pairs;
    write_pair(select(r, r + 1u, wraps), select(c + 1u, 0u, wraps), g.zw, code.zw);
  }
}
