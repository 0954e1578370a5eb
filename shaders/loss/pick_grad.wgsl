// pick_grad: gradient of pick.wgsl and of cross_entropy.wgsl.
//
//     dx[c] = kept * dy * (share(c) - 1)  where c is the target,
//             kept * dy * share(c)        elsewhere
//
// with share 0 for the one and softmax(x), from what it kept, for the other.
//
// prepended  GROUP: u32, invocations of a workgroup
//            Q: f32, or vec4f where rows are multiples of four; U: u32 or
//            vec4u; WIDTH: u32, lanes of Q; LANES: U, their numbers
//            share(i, run) -> Q, from bindings 0 (x) and 1 (stats) if at all
//            binding 2: load_target(i) -> i32
// dx, x      [outer, length, inner] of Q, row-major; x from `offset` on
// target     [outer, inner], row-major from `target_offset` on
// kept       f32 [outer, inner]
// dy         f32 [outer, inner], `dy_step` apart: 0 where all are the same
// dispatch   an invocation for each Q, folded over x and y

struct Params {
  size: u32, // in Q
  length: u32, // in Q
  inner: u32,
  offset: u32, // in Q
  target_offset: u32,
  dy_offset: u32,
  dy_step: u32,
}

@group(0) @binding(3) var<storage, read> kept: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<Q>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.y * groups.x * GROUP + id.x;
  if (i >= params.size) { return; } // guard
  let inner = params.inner;
  let span = inner * params.length;
  let outer = i / span;
  let rest = i - outer * span;
  let step = rest / inner;
  let c = step * WIDTH;
  let run = outer * inner + (rest - step * inner);
  // a negative target becomes a number that no class has
  let hit = u32(load_target(params.target_offset + run));
  // What does not count has no gradient, even if nothing counts and dy is 1 / 0.
  let weight = kept[run];
  let given = dy[params.dy_offset + run * params.dy_step];
  let scale = select(weight * given, 0.0, weight == 0.0);
  let one = select(Q(0.0), Q(1.0), U(c) + LANES == U(hit));
  dx[i] = scale * (share(i, run) - one);
}
