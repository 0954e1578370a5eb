// class_losses: targets that are classes, one a run, and what is kept of losses.
//
// prepended  binding 1: load_target(i) -> i32
//            the binding of params; nan() -> f32
// target     [outer, inner], row-major from `target_offset` on
// loss, kept f32 [outer, inner]
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

@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> kept: array<f32>;

fn keep(run: u32, value: f32, weight: f32) {
  loss[run] = value;
  kept[run] = weight;
}

// The class of a run, or `classes` if it has none and nothing is left to keep.
fn class_of(run: u32) -> u32 {
  let class_index = load_target(params.target_offset + run);
  if (class_index == params.ignored) {
    keep(run, 0.0, 0.0);
    return params.classes;
  }
  if (class_index < 0 || u32(class_index) >= params.classes) {
    keep(run, nan(), nan());
    return params.classes;
  }
  return u32(class_index);
}
