// pick: the negative log-likelihood of one class in each run.
//
//     loss = -weight_of(t) * x[t],  kept = weight_of(t)
//
// prepended  GROUP: u32, invocations of a workgroup
//            binding 1: load_target(i) -> i32
//            weight_of(c) -> f32, 1 or from binding 2
// x          f32 [outer, classes, inner], row-major from `offset` on
// target     [outer, inner], row-major from `target_offset` on
// loss, kept f32 [outer, inner]
// dispatch   outer * inner invocations, folded over x and y
// special    a target equal to `ignored`: loss and kept are 0. A target that is
//            no class: both are NaN

struct Params {
  runs: u32,
  length: u32, // classes
  inner: u32,
  offset: u32,
  target_offset: u32,
  weight_offset: u32,
  ignored: i32,
  classes: u32,
  hit: f32, // 1
  rest: f32, // 0
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> kept: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let run = id.y * groups.x * GROUP + id.x;
  if (run >= params.runs) { return; } // guard
  let inner = params.inner;
  let first = params.offset + (run / inner) * params.classes * inner +
    run % inner;
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
    loss[run] = -weight * x[first + c * inner];
    kept[run] = weight;
  }
}
