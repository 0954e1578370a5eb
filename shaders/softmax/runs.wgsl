// runs: softmax or log-softmax of every run of x, one run an invocation.
//
//     highest = max of x,  sum = sum of exp(x - highest),
//     y = result(x, highest, sum)
//
// prepended  GROUP and the functions of runs (lib/runs.wgsl)
//            Q: what is loaded at once (f32, or vec4f where sizes allow)
//            S: f32, or vec4f where the four lanes of Q belong to four runs
//            top(Q) -> S, total(Q) -> S: the lanes of one run joined
//            result(Q, highest: S, sum: S) -> Q
//            binding 0: load_x(i) -> Q, what x has at i
// x, y       [outer, length, inner] of Q, row-major; x from `offset` on
// dispatch   outer * inner invocations, folded over x and y
// special    NaN or +infinity in a run, or nothing but -infinity: a run of NaN
// geometry   A run is read three times, and exp taken twice instead of stored:
//            on a CPU adapter [4096, 1000] takes 10.6 ms so, 13.2 with stored
//            exponentials, 25.5 with f32 loads, 15 and more with workgroups

struct Params {
  runs: u32,
  length: u32,
  inner: u32,
  offset: u32,
}

@group(0) @binding(1) var<storage, read_write> y: array<Q>;
@group(0) @binding(2) var<uniform> params: Params;

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
  let start = start_of(run);
  let first = params.offset + start;
  var highest = S(LOWEST);
  for (var c = 0u; c < span; c += inner) {
    highest = max(highest, top(load_x(first + c)));
  }
  var sum = S(0.0);
  for (var c = 0u; c < span; c += inner) {
    sum += total(exp(load_x(first + c) - highest));
  }
  for (var c = 0u; c < span; c += inner) {
    y[start + c] = result(load_x(first + c), highest, sum);
  }
}
