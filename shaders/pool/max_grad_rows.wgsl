// max_grad_rows: gradient of max.wgsl, one row of dx an invocation: it goes
// along the windows over that row and adds dy where their maxima lay in it.
//
// prepended  Params, Axis and its functions (lib/windows.wgsl)
//            binding 1: load_codes(i) -> u32
// dy         f32 [planes, h.out, w.out], row-major from `offset` on
// codes      [planes, h.out, code_row]
// dx         f32 [planes, h.size, w.size]
// dispatch   an invocation for each row of dx, folded over x and y
// geometry   Every window is met once in each of its rows, without a division;
//            max_grad.wgsl, which asks all windows over an element, takes four
//            times as long on a CPU adapter (3x3, stride 2). A GPU wants its
//            neighbouring lanes on neighbouring elements.

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
  let line = index * w.size;
  for (var column = 0u; column < w.size; column++) {
    dx[line + column] = 0.0;
  }
  let row = index % h.size;
  let rows = covering(h, row);
  let base = (index / h.size) * h.out;
  for (var o = rows.x; o < rows.y; o++) {
    let k = tap_on(h, o, row);
    if (DILATED && k == h.kernel) { continue; }
    for (var p = 0u; p < w.out; p++) {
      let code = load_codes((base + o) * params.code_row + p);
      let l = code - k * w.kernel; // huge where it is another row's
      let column = u32(first_of(w, p) + i32(l * w.dilation));
      if (l < w.kernel && column < w.size) { // guard
        dx[line + column] += dy[params.offset + (base + o) * w.out + p];
      }
    }
  }
}
