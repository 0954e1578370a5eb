// causal: softmax of the beginning of every row of x, the first row of a matrix
// having `first` + 1 elements that count, the next one more, and so on; 0 in the
// rest. One row an invocation.
//
// prepended  GROUP: u32, invocations of a workgroup
//            Q, U: f32 and u32, or vec4f and vec4u where rows are multiples of
//            four; WIDTH: u32, lanes of Q; LANES: U, their numbers
//            top(Q) -> f32, total(Q) -> f32: the lanes joined
// x, y       [matrices, rows, length] of Q, row-major; x from `offset` on
// dispatch   matrices * rows invocations, folded over x and y
// special    NaN or +infinity among those that count, or nothing but -infinity:
//            all that count are NaN
// geometry   as in runs.wgsl, but what does not count is not read

struct Params {
  runs: u32,
  length: u32, // in Q
  rows: u32,
  first: u32,
  offset: u32, // in Q
}

@group(0) @binding(0) var<storage, read> x: array<Q>;
@group(0) @binding(1) var<storage, read_write> y: array<Q>;
@group(0) @binding(2) var<uniform> params: Params;

const LOWEST = -0x1.fffffep+127f; // WGSL has no literal for -infinity

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let run = id.y * groups.x * GROUP + id.x;
  if (run >= params.runs) { return; } // guard
  let count = min(params.first + run % params.rows + 1u, params.length * WIDTH);
  let whole = count / WIDTH; // Q that count in all lanes
  let start = run * params.length;
  let first = params.offset + start;
  // the Q in which the row ends, if one does not count in all lanes
  let last = min(whole, params.length - 1u);
  let counts = U(last * WIDTH) + LANES < U(count);
  let ends = whole < params.length && whole * WIDTH < count;
  var highest = LOWEST;
  for (var c = 0u; c < whole; c++) { highest = max(highest, top(x[first + c])); }
  let end = x[first + last];
  if (ends) { highest = max(highest, top(select(Q(LOWEST), end, counts))); }
  var sum = 0.0;
  for (var c = 0u; c < whole; c++) { sum += total(exp(x[first + c] - highest)); }
  let end_share = select(Q(0.0), exp(end - highest), counts);
  if (ends) { sum += total(end_share); }
  for (var c = 0u; c < whole; c++) {
    y[start + c] = exp(x[first + c] - highest) / sum;
  }
  if (ends) { y[start + whole] = end_share / sum; }
  for (var c = whole + select(0u, 1u, ends); c < params.length; c++) {
    y[start + c] = Q(0.0);
  }
}
