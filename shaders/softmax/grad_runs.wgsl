// grad_runs: gradient of softmax or log-softmax, one run an invocation.
//
//     sum = sum of term(dy, y),  dx = result(dy, y, sum)
//
// prepended  GROUP, Q, S, total(Q) -> S and the functions of runs: as in runs.wgsl
//            term(dy: Q, y: Q) -> Q, result(dy: Q, y: Q, sum: S) -> Q
// dy, y, dx  [outer, length, inner] of Q, row-major; dy and y from their
//            offsets on
// dispatch   outer * inner invocations, folded over x and y

struct Params {
  runs: u32,
  length: u32,
  inner: u32,
  dy_offset: u32,
  y_offset: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<Q>;
@group(0) @binding(1) var<storage, read> y: array<Q>;
@group(0) @binding(2) var<storage, read_write> dx: array<Q>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let run = run_of(id, groups);
  if (run >= params.runs) { return; } // guard
  let inner = params.inner;
  let span = params.length * inner;
  let start = start_of(run);
  let first_dy = params.dy_offset + start;
  let first_y = params.y_offset + start;
  var sum = S(0.0);
  for (var c = 0u; c < span; c += inner) {
    sum += total(term(dy[first_dy + c], y[first_y + c]));
  }
  for (var c = 0u; c < span; c += inner) {
    dx[start + c] = result(dy[first_dy + c], y[first_y + c], sum);
  }
}
