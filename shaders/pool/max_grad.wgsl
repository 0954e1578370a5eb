// max_grad: gradient of max.wgsl. Each input looks at the windows that hold it
// and takes dy of those whose maximum it was, in rising order.
//
// prepended  Params, Axis and its functions (lib/windows.wgsl)
//            binding 1: load_codes(i) -> u32
// dy         f32 [planes, h.out, w.out], row-major from `offset` on
// codes      [planes, h.out, code_row]
// dx         f32 [planes, h.size, w.size]
// dispatch   an invocation for each element of dx, folded over x and y;
//            params.first is above 0 where it adds to dx

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let index = id.y * groups.x * GROUP + id.x;
  if (index >= params.size) { return; } // guard
  let h = params.h;
  let w = params.w;
  let column = index % w.size;
  let rest = index / w.size;
  let row = rest % h.size;
  let base = (rest / h.size) * h.out;
  let rows = covering(h, row);
  let columns = covering(w, column);
  var sum = 0.0;
  if (params.first > 0u) { sum = dx[index]; }
  for (var o = rows.x + params.first; o < min(rows.y, rows.x + params.end); o++) {
    let k = tap_on(h, o, row);
    if (DILATED && k == h.kernel) { continue; }
    for (var p = columns.x; p < columns.y; p++) {
      let l = tap_on(w, p, column);
      let code = load_codes((base + o) * params.code_row + p);
      let is_on = !DILATED || l < w.kernel;
      let is_chosen = is_on && code == k * w.kernel + l;
      let at = params.offset + (base + o) * w.out + p;
      sum += select(0.0, dy[at], is_chosen);
    }
  }
  dx[index] = sum;
}
