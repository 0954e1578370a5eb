// max_2x2: max.wgsl for windows of 2x2 that lie side by side, in rows that are
// multiples of four.
//
// x          f32 [planes, h, w], row-major from `offset` on; w and offset are
//            multiples of 4
// y          f32 [planes, h / 2, w / 2]
// codes      bytes in the shape of y: 0, 1 in the upper row, 2, 3 in the lower
// dispatch   an invocation for four neighbouring outputs, folded over x and y
// special    as in max.wgsl
// geometry   Four outputs are two pairs; a pair never straddles rows and needs
//            two vec4 loads. Divisions are dear on CPU adapters: one a quad.

struct Params {
  pairs: u32, // of outputs
  row_pairs: u32, // of a row of y
  rows: u32, // of a plane of y
  odd: u32, // 1 where a plane of x has a row that no window holds
  offset: u32, // in vec4
}

const GROUP = 64u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> codes: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

// The larger of a value and its code, and of the next; NaN wins, the last one.
fn larger(a: vec2f, value: f32, code: f32) -> vec2f {
  return select(a, vec2f(value, code), value > a.x || is_nan(value));
}

fn best_of(a: f32, b: f32, c: f32, d: f32) -> vec2f {
  return larger(larger(larger(vec2f(a, 0.0), b, 1.0), c, 2.0), d, 3.0);
}

// Values and codes of the pair in column `c` of row `r` of all rows of y.
fn pair_at(r: u32, c: u32) -> vec4f {
  var row = 2u * r;
  if (params.odd == 1u) { row += r / params.rows; }
  let at = params.offset + row * params.row_pairs + c;
  let upper = x[at];
  let lower = x[at + params.row_pairs];
  let first = best_of(upper.x, upper.y, lower.x, lower.y);
  let second = best_of(upper.z, upper.w, lower.z, lower.w);
  return vec4f(first.x, second.x, first.y, second.y);
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
  let left = pair_at(r, c);
  // The last quad may have one pair, which is then made twice.
  let is_last = pair + 1u == params.pairs;
  let wraps = c + 1u == params.row_pairs && !is_last;
  let right = pair_at(
    select(r, r + 1u, wraps),
    select(select(c + 1u, 0u, wraps), c, is_last),
  );
  y[quad] = vec4f(left.xy, right.xy);
  codes[quad] = pack4xU8(vec4u(vec4f(left.zw, right.zw)));
}
