// cross_entropy: log-softmax and the pick of one class in one pass, one run an
// invocation.
//
//     highest = max of x, sum = sum of exp(x - highest), both kept in `stats`
//     loss = weight_of(t) * (hit * (highest - x[t]) + log(sum) + smooth)
//     kept = weight_of(t),  smooth = rest * sum of (highest - x)
//
// prepended  GROUP and the functions of runs (lib/runs.wgsl); targets and what is
//            kept (lib/class_losses.wgsl)
//            Q: f32, or vec4f where rows are multiples of four; top(Q) and
//            total(Q) join its lanes; element(i) -> f32, x by the element
//            weight_of(c) -> f32, 1 or from binding 2
//            SMOOTH: bool, whether `rest` is not 0
// x          [outer, length, inner] of Q, row-major from `offset` on
// stats      (highest, sum) of [outer, inner]
// dispatch   outer * inner invocations, folded over x and y

@group(0) @binding(0) var<storage, read> x: array<Q>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(6) var<uniform> params: Params;

const LOWEST = -0x1.fffffep+127f; // WGSL has no literal for -infinity

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let run = run_of(id, groups);
  if (run >= params.runs) { return; } // guard
  let inner = params.inner;
  let span = params.length * inner;
  let first = params.offset + start_of(run);
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

  let c = class_of(run);
  if (c == params.classes) { return; } // it has none: all is kept
  let weight = weight_of(c);
  var each = params.hit * (highest - element(first, c)) + log(sum);
  if (SMOOTH) { each += params.rest * below; }
  keep(run, weight * each, weight);
}
