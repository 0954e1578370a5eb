// window_means: what the sum of a pooling window is divided by.
//
// prepended  Params, Axis and its functions (lib/windows.wgsl)

// Elements of window `o` along one axis that count. Where the padding counts,
// what lies beyond it (by a rounded-up output size) still does not.
fn counted(a: Axis, o: u32) -> f32 {
  let first = first_of(a, o);
  let end = first + i32(taps_of(a, o));
  if (params.counts_pad == 1u) {
    return f32(min(end, i32(a.size + a.pad)) - first);
  }
  return f32(min(end, i32(a.size)) - max(first, 0));
}

fn divisor(row: u32, column: u32) -> f32 {
  if (params.divisor != 0.0) { return params.divisor; }
  return counted(params.h, row) * counted(params.w, column);
}
