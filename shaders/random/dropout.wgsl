// dropout: y[i] = x[i] * scale where uniform number i is at least p, x[i] * 0
// elsewhere.
//
// prepended  Draw and its functions (lib/philox.wgsl)
//            binding 0: quad_at(q) -> vec4f, elements 4q to 4q + 3 of x
//            W: a quad of y; put(q, x: vec4f), which writes it
// x          [size], row-major from `offset` on
// y          [size]
// dispatch   an invocation for each quad, folded over x and y
// special    NaN and infinity that are dropped become NaN, as in torch

struct Params {
  draw: Draw,
  size: u32,
  offset: u32, // in what x is loaded by
  p: f32,
  scale: f32,
}

const GROUP = 64u;

@group(0) @binding(1) var<storage, read_write> y: array<W>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let quad = id.y * groups.x * GROUP + id.x;
  if (quad * 4u >= params.size) { return; } // guard
  let u = uniforms(words_of(params.draw, quad));
  let factor = select(vec4f(0.0), vec4f(params.scale), u >= vec4f(params.p));
  put(quad, quad_at(quad) * factor);
}
