// pick_grad: gradient of pick.wgsl and of cross_entropy.wgsl.
//
//     dx[c] = kept * dy * (share(c) - rest - hit)  where c is the target,
//             kept * dy * (share(c) - rest)        elsewhere
//
// with share 0 for the one and softmax(x), from what it kept, for the other.
//
// prepended  GROUP: u32, invocations of a workgroup
//            SPREAD: u32, neighbouring lanes that share a run
//            Q: f32, or vec4f where rows are multiples of four; U: u32 or
//            vec4u; WIDTH: u32, lanes of Q; LANES: U, their numbers
//            own_of(run) -> vec2f, what a run has kept; share(i, own) -> Q, from
//            bindings 0 (x) and 1 (stats) if at all
//            binding 2: load_target(i) -> i32
// dx, x      [outer, length, inner] of Q, row-major; x from `offset` on
// target     [outer, inner], row-major from `target_offset` on
// kept       f32 [outer, inner]
// dy         f32 [outer, inner], `dy_step` apart: 0 where all are the same
// dispatch   outer * inner * SPREAD invocations, folded over x and y
// geometry   What belongs to a run is looked up once for all of its elements
//            that a lane takes ([4096, 1000] on a CPU adapter: an invocation for
//            each Q 9 ms, 4.4 so).

struct Params {
  runs: u32,
  length: u32, // in Q
  inner: u32,
  offset: u32, // in Q
  target_offset: u32,
  dy_offset: u32,
  dy_step: u32,
  hit: f32, // how much of the target is its class, and each class besides
  rest: f32,
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
  let k = id.y * groups.x * GROUP + id.x;
  let run = k / SPREAD;
  if (run >= params.runs) { return; } // guard
  let inner = params.inner;
  let first = (run / inner) * params.length * inner + run % inner;
  // a negative target becomes a number that no class has
  let target_class = u32(load_target(params.target_offset + run));
  // What does not count has no gradient, even if nothing counts and dy is 1 / 0.
  let weight = kept[run];
  let given = dy[params.dy_offset + run * params.dy_step];
  let scale = select(weight * given, 0.0, weight == 0.0);
  let own = own_of(run);
  for (var q = k % SPREAD; q < params.length; q += SPREAD) {
    let i = first + q * inner;
    let is_hit = U(q * WIDTH) + LANES == U(target_class);
    let hit = select(Q(0.0), Q(params.hit), is_hit);
    dx[i] = scale * (share(i, own) - params.rest - hit);
  }
}
