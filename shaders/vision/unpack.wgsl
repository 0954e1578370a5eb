// unpack: y[n, c, p] = (x[n, p, c] / 255 - mean[c]) / deviation[c]: pixels of
// three bytes become planes of floats, four pixels an invocation.
//
// prepended  WG: u32, invocations per workgroup
// x          u8 [N, P, 3], contiguous: twelve bytes, three words, hold four
//            pixels
// y          f32 [N, 3, P], contiguous; P is a multiple of 4
// dispatch   N * P / 4 invocations, folded over x and y
// source     torchvision's ToTensor and Normalize

struct Params {
  quads: u32, // N * P / 4
  plane: u32, // P / 4
  start: u32, // first word of x
  pad: u32,
  mean: vec4f,
  deviation: vec4f,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

fn changed(value: vec4u, c: u32) -> vec4f {
  return (vec4f(value) / 255.0 - params.mean[c]) / params.deviation[c];
}

@compute @workgroup_size(WG)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let q = id.y * groups.x * WG + id.x;
  if (q >= params.quads) { return; }
  let at = params.start + 3u * q;
  let a = unpack4xU8(x[at]); // r g b r
  let b = unpack4xU8(x[at + 1u]); // g b r g
  let c = unpack4xU8(x[at + 2u]); // b r g b
  let to = q / params.plane * 3u * params.plane + q % params.plane;
  y[to] = changed(vec4u(a.x, a.w, b.z, c.y), 0u);
  y[to + params.plane] = changed(vec4u(a.y, b.x, b.w, c.z), 1u);
  y[to + 2u * params.plane] = changed(vec4u(a.z, b.y, c.x, c.w), 2u);
}
