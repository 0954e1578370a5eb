// select_rows: y[o, k, :] = x[o, index[k], :], rows of whole words moved as they
// are, whatever the type of their elements.
//
// prepended  W: u32 or vec4u, what is moved at a time; MISSING: u32, the word
//            that an index outside of x gives
// x          [outer, length, row], in W, from `offset` on
// index      i32 [count]
// y          [outer, count, row], in W
// dispatch   outer * count * row invocations, folded over x and y

struct Params {
  outer: u32,
  length: u32,
  count: u32,
  row: u32, // in W
  offset: u32, // of x, in W
  index_offset: u32,
}

const GROUP = 64u;

@group(0) @binding(0) var<storage, read> x: array<W>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<W>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let at = id.y * groups.x * GROUP + id.x;
  if (at >= params.outer * params.count * params.row) { return; } // guard
  let column = at % params.row;
  let k = (at / params.row) % params.count;
  let o = at / (params.row * params.count);
  let r = index[params.index_offset + k];
  if (r < 0 || u32(r) >= params.length) {
    y[at] = W(MISSING);
    return;
  }
  let source = (o * params.length + u32(r)) * params.row + column;
  y[at] = x[params.offset + source];
}
