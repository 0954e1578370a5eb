// draw: random numbers, four to a block of words.
//
// prepended  Draw and its functions (lib/philox.wgsl)
//            W: type of a word of out, or of a quad; numbers(words) -> four
//            numbers; store(q, numbers) -> writes quad q
// out        [size], row-major from `offset` on
// dispatch   an invocation for each quad, folded over x and y

struct Params {
  draw: Draw,
  size: u32,
  offset: u32, // in W
  a: u32, // bits of two numbers, for `numbers`
  b: u32,
}

const GROUP = 64u;

@group(0) @binding(0) var<storage, read_write> out: array<W>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let quad = id.y * groups.x * GROUP + id.x;
  if (quad * 4u >= params.size) { return; } // guard
  store(quad, numbers(words_of(params.draw, quad)));
}
