// sort_step: one step of a bitonic sort of the indices order[o, 0 to width, i],
// by the elements of x that they name.
//
// prepended  T: type of an element while computing; binding 0: x with
//            load_x(i) -> T; beats(T, T) -> bool: whether the first element
//            comes before the second; neither way round if they are equal
// x          [outer, length, inner], row-major from `offset` on
// order      i32 [outer, width, inner]; width is a power of two, and an index
//            of `length` or more stands for an element that comes last
// dispatch   outer * width / 2 * inner invocations, one pair each, folded over
//            x and y
// special    equal elements stay in the order of their indices: a stable sort
// source     Batcher 1968, Sorting networks and their applications

struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  width: u32,
  block: u32, // elements that are in order, up or down, when the stage is done
  stride: u32, // between the two of a pair
  first: u32, // 1 in the first step of all: order is not yet filled
  offset: u32,
}

const GROUP = 64u;

@group(0) @binding(1) var<storage, read_write> order: array<i32>;
@group(0) @binding(2) var<uniform> params: Params;

fn comes_before(a: u32, b: u32, base: u32) -> bool {
  if (a >= params.length || b >= params.length) { return a < b; }
  let x = load_x(base + a * params.inner);
  let y = load_x(base + b * params.inner);
  if (beats(x, y)) { return true; }
  if (beats(y, x)) { return false; }
  return a < b;
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let k = id.y * groups.x * GROUP + id.x;
  let pairs = params.width / 2u;
  if (k >= params.outer * pairs * params.inner) { return; } // guard
  let i = k % params.inner;
  let pair = (k / params.inner) % pairs;
  let o = k / (params.inner * pairs);
  let low = pair / params.stride * params.stride * 2u + pair % params.stride;
  let high = low + params.stride;
  let at_low = (o * params.width + low) * params.inner + i;
  let at_high = (o * params.width + high) * params.inner + i;
  var a = low;
  var b = high;
  if (params.first == 0u) {
    a = u32(order[at_low]);
    b = u32(order[at_high]);
  }
  let base = params.offset + o * params.length * params.inner + i;
  let up = (low & params.block) == 0u;
  let keep = comes_before(a, b, base) == up;
  order[at_low] = i32(select(b, a, keep));
  order[at_high] = i32(select(a, b, keep));
}
