// pick: the negative log-likelihood of one class in each run.
//
//     loss = -weight_of(t) * x[t],  kept = weight_of(t)
//
// prepended  GROUP and the functions of runs (lib/runs.wgsl); targets and what is
//            kept (lib/class_losses.wgsl)
//            weight_of(c) -> f32, 1 or from binding 2
// x          f32 [outer, classes, inner], row-major from `offset` on
// dispatch   outer * inner invocations, folded over x and y

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let run = run_of(id, groups);
  if (run >= params.runs) { return; } // guard
  let c = class_of(run);
  if (c == params.classes) { return; } // it has none: all is kept
  let weight = weight_of(c);
  keep(run, -weight * x[params.offset + start_of(run) + c * params.inner], weight);
}
