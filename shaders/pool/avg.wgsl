// avg: the mean of each window of an image.
//
// prepended  Params, Axis and its functions (lib/windows.wgsl), and
//            divisor(row, column) (lib/window_means.wgsl)
// x          f32 [planes, h.size, w.size], row-major from `offset` on
// y          f32 [planes, h.out, w.out]
// dispatch   an invocation for each output, folded over x and y; params.first is
//            above 0 where it adds to y

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
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
  let column = index % w.out;
  let rest = index / w.out;
  let row = rest % h.out;
  let base = params.offset + (rest / h.out) * h.size * w.size;
  let top = first_of(h, row);
  let left = first_of(w, column);
  let bottom = min(top + i32(min(taps_of(h, row), params.end)), i32(h.size));
  let right = min(left + i32(taps_of(w, column)), i32(w.size));
  var sum = 0.0;
  for (var i = max(top + i32(params.first), 0); i < bottom; i++) {
    for (var j = max(left, 0); j < right; j++) {
      sum += x[base + u32(i) * w.size + u32(j)];
    }
  }
  var mean = sum / divisor(row, column);
  if (params.first > 0u) { mean += y[index]; }
  y[index] = mean;
}
