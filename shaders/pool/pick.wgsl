// pick: what lies where max.wgsl found its maxima, or their indices.
//
// prepended  Params, Axis and its functions (lib/windows.wgsl)
//            binding 0: load_codes(i) -> u32
//            V: type of out; value(at, index) -> V for the element `at` of x,
//            which is number `index` of its plane
// codes      [planes, h.out, code_row]
// out        [planes, h.out, w.out]
// dispatch   an invocation for each element of out, folded over x and y

@group(0) @binding(2) var<storage, read_write> out: array<V>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.y * groups.x * GROUP + id.x;
  if (i >= params.size) { return; } // guard
  let h = params.h;
  let w = params.w;
  let column = i % w.out;
  let rest = i / w.out;
  let row = rest % h.out;
  let code = load_codes(rest * params.code_row + column);
  let at_row = first_of(h, row) + i32((code / w.kernel) * h.dilation);
  let at_column = first_of(w, column) + i32((code % w.kernel) * w.dilation);
  let index = u32(at_row) * w.size + u32(at_column);
  out[i] = value(params.offset + (rest / h.out) * h.size * w.size + index, index);
}
