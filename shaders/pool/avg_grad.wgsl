// avg_grad: gradient of avg.wgsl. Each input adds up dy / divisor of the windows
// that hold it, in rising order.
//
// prepended  Params, Axis and its functions (lib/windows.wgsl), and
//            divisor(row, column) (lib/window_means.wgsl)
// dy         f32 [planes, h.out, w.out], row-major from `offset` on
// dx         f32 [planes, h.size, w.size]
// dispatch   an invocation for each element of dx, folded over x and y;
//            params.first is above 0 where it adds to dx

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

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
  let base = params.offset + (rest / h.size) * h.out * w.out;
  let rows = covering(h, row);
  let columns = covering(w, column);
  var sum = 0.0;
  if (params.first > 0u) { sum = dx[index]; }
  for (var o = rows.x + params.first; o < min(rows.y, rows.x + params.end); o++) {
    for (var p = columns.x; p < columns.y; p++) {
      sum += dy[base + o * w.out + p] / divisor(o, p);
    }
  }
  dx[index] = sum;
}
