// lanes: several invocations of a workgroup that share one run of elements, and
// add up what each of them found.
//
// prepended  GROUP: u32, invocations of a workgroup (a power of two)
//            LANES: u32, invocations that share a run (divides GROUP). With 1,
//            as CPU adapters want it, workgroup memory and barriers vanish
//            S: what is added up, f32 or vec4f

var<workgroup> cells: array<S, GROUP>;

// Which of its run's lanes an invocation is.
fn lane_of(local: u32) -> u32 { return local % LANES; }

// The run of an invocation.
fn run_of(group: vec3u, groups: vec3u, local: u32) -> u32 {
  return (group.y * groups.x + group.x) * (GROUP / LANES) + local / LANES;
}

// The sum of `value` over the lanes of a run, in all of them. No lane of a
// workgroup may miss it.
fn across(value: S, local: u32) -> S {
  if (LANES == 1u) { return value; }
  cells[local] = value;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (local % LANES < stride) { cells[local] += cells[local + stride]; }
    workgroupBarrier();
  }
  let sum = cells[local - local % LANES];
  workgroupBarrier();
  return sum;
}
