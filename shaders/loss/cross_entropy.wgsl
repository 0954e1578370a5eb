// cross_entropy: log-softmax and the pick of one class in one pass, one run an
// invocation.
//
//     highest = max of x, sum = sum of exp(x - highest), both kept in `stats`
//     loss = weight_of(t) * (hit * (highest - x[t]) + log(sum) + smooth)
//     kept = weight_of(t),  smooth = rest * sum of (highest - x)
//
// prepended  GROUP: u32, invocations of a workgroup
//            Q: f32, or vec4f where rows are multiples of four; top(Q) and
//            total(Q) join its lanes; element(i) -> f32, x by the element
//            binding 1: load_target(i) -> i32
//            weight_of(c) -> f32, 1 or from binding 2
//            SMOOTH: bool, whether `rest` is not 0
// x          [outer, length, inner] of Q, row-major from `offset` on
// target     [outer, inner], row-major from `target_offset` on
// loss, kept f32 [outer, inner]
// stats      (highest, sum) of [outer, inner]
// dispatch   outer * inner invocations, folded over x and y
// special    a target equal to `ignored`: loss and kept are 0. A target that is
//            no class: both are NaN

struct Params {
  runs: u32,
  length: u32, // in Q
  inner: u32,
  offset: u32, // in Q
  target_offset: u32,
  weight_offset: u32,
  ignored: i32,
  classes: u32,
  hit: f32, // how much of the target is its class, and each class besides
  rest: f32,
}

@group(0) @binding(0) var<storage, read> x: array<Q>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> kept: array<f32>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(6) var<uniform> params: Params;

const LOWEST = -0x1.fffffep+127f; // WGSL has no literal for -infinity

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let run = id.y * groups.x * GROUP + id.x;
  if (run >= params.runs) { return; } // guard
  let inner = params.inner;
  let span = params.length * inner;
  let first = params.offset + (run / inner) * span + run % inner;
  var highest = LOWEST;
  for (var c = 0u; c < span; c += inner) {
    highest = max(highest, top(x[first + c]));
  }
  var sum = 0.0;
  var below = 0.0;
  for (var c = 0u; c < span; c += inner) {
    let value = x[first + c];
    sum += total(exp(value - highest));
    if (SMOOTH) { below += total(highest - value); }
  }
  stats[run] = vec2f(highest, sum);

  let class_index = load_target(params.target_offset + run);
  if (class_index == params.ignored) {
    loss[run] = 0.0;
    kept[run] = 0.0;
  } else if (class_index < 0 || u32(class_index) >= params.classes) {
    loss[run] = nan();
    kept[run] = nan();
  } else {
    let c = u32(class_index);
    let weight = weight_of(c);
    var each = params.hit * (highest - element(first, c)) + log(sum);
    if (SMOOTH) { each += params.rest * below; }
    loss[run] = weight * each;
    kept[run] = weight;
  }
}
