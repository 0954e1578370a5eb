// transpose: y[..., i, ..., j] = x at strides, where neighbours along i lie next
// to each other in x and neighbours along j in y.
//
// prepended  T: type of an element while copied; PANEL: u32, tiles across a panel
//            load4(at, n) -> vec4<T>: the elements at, at + i_stride, ... of x, n
//            of them; store4(at, n, v): writes the first n of v at `at` of y
//            the bindings of x, y and params
// x          elements at strides of their own; y row-major
// dispatch   PANEL * depth * panels * blocks * rest invocations, folded over x, y
// geometry   An invocation turns a tile of 4 x 4 in registers. Tiles go down
//            panels, `depth` tiles along j and PANEL along i, so that lines of y
//            are written in a row; the next panel beside it reads the lines of x
//            to their ends while they and their pages are still at hand.

struct Params {
  size_i: u32,
  size_j: u32,
  depth: u32, // tiles along a panel
  panels: u32, // of a block
  count: u32, // of invocations
  rank: u32, // of the other dims
  x_i: u32, x_j: u32, // strides
  y_i: u32,
  x_offset: u32,
  y_offset: u32,
  blocks: u32,
  shape: array<vec4u, 2>, // of the other dims
  strides: array<vec4u, 4>, // of x and y, two dims at a time
}

const GROUP = 64u;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let k = id.y * groups.x * GROUP + id.x;
  if (k >= params.count) { return; } // guard
  let down = k / PANEL;
  let across = down / params.depth;
  let block = across / params.panels;
  var rest = block / params.blocks;
  let i = ((across % params.panels) * PANEL + k % PANEL) * 4u;
  let j = ((block % params.blocks) * params.depth + down % params.depth) * 4u;
  if (i >= params.size_i || j >= params.size_j) { return; } // guard
  var at = vec2u(params.x_offset, params.y_offset) +
    vec2u(i * params.x_i + j * params.x_j, i * params.y_i + j);
  for (var dim = params.rank; dim > 0u; dim--) {
    let length = params.shape[(dim - 1u) / 4u][(dim - 1u) % 4u];
    let steps = params.strides[(dim - 1u) / 2u];
    at += (rest % length) * select(steps.xy, steps.zw, (dim - 1u) % 2u == 1u);
    rest /= length;
  }
  let n = params.size_i - i;
  let m = params.size_j - j;
  let a = load4(at.x, n);
  let b = load4(at.x + min(1u, m - 1u) * params.x_j, n);
  let c = load4(at.x + min(2u, m - 1u) * params.x_j, n);
  let d = load4(at.x + min(3u, m - 1u) * params.x_j, n);
  store4(at.y, m, vec4<T>(a.x, b.x, c.x, d.x));
  if (n > 1u) { store4(at.y + params.y_i, m, vec4<T>(a.y, b.y, c.y, d.y)); }
  if (n > 2u) { store4(at.y + 2u * params.y_i, m, vec4<T>(a.z, b.z, c.z, d.z)); }
  if (n > 3u) { store4(at.y + 3u * params.y_i, m, vec4<T>(a.w, b.w, c.w, d.w)); }
}
