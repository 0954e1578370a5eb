// runs: the runs of a row-major tensor [outer, length, inner], one an invocation.
// A run is the `length` elements of one outer and one inner index, `inner` apart.
//
// prepended  GROUP: u32, invocations of a workgroup
//            the binding of params, which have `length` and `inner`

// The run of an invocation; the last workgroup goes past the end.
fn run_of(id: vec3u, groups: vec3u) -> u32 {
  return id.y * groups.x * GROUP + id.x;
}

// The first element of a run.
fn start_of(run: u32) -> u32 {
  let inner = params.inner;
  return (run / inner) * (params.length * inner) + run % inner;
}
