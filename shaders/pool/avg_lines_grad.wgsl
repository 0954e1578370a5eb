// avg_lines_grad: gradient of avg_lines.wgsl, four neighbouring elements at a
// time: dy / divisor of each window that holds them, in rising order.
//
// prepended  Params, Axis and its functions (lib/windows.wgsl), and
//            divisor(row, column) (lib/window_means.wgsl)
//            KW, SW, PAD, FIRST, LAST, SPREAD: as in max_lines_grad.wgsl
//            store_dx(at, n, v): writes the first n of v at element `at` of dx
// dy         f32 [planes, h.out, w.out], row-major from `offset` on
// dx         f32 [planes, h.size, w.size]
// dispatch   as in max_lines_grad.wgsl

@group(0) @binding(0) var<storage, read> dy: array<f32>;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let k = id.y * groups.x * GROUP + id.x;
  let row = k / SPREAD;
  if (row >= params.size) { return; } // guard
  let h = params.h;
  let w = params.w;
  let in_row = row % h.size;
  let base = (row / h.size) * h.out;
  let rows = covering(h, in_row);
  for (var quad = k % SPREAD; quad < params.quads; quad += SPREAD) {
    var sum = vec4f(0.0);
    let window = i32(quad * 4u / SW) + FIRST;
    for (var o = rows.x; o < rows.y; o++) {
      let start = params.offset + (base + o) * w.out;
      for (var n = 0; n <= LAST - FIRST; n++) {
        let is_there = window + n >= 0 && window + n < i32(w.out);
        let p = select(0u, u32(window + n), is_there);
        let value = select(0.0, dy[start + p] / divisor(o, p), is_there);
        // which tap of the window an element lies on
        let l = vec4i(0, 1, 2, 3) + i32(PAD) - (FIRST + n) * i32(SW);
        let holds = (l >= vec4i(0)) & (l < vec4i(i32(KW)));
        sum += select(vec4f(0.0), vec4f(value), holds);
      }
    }
    store_dx(row * w.size + quad * 4u, w.size - quad * 4u, sum);
  }
}
