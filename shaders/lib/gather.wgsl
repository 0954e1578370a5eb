// gather: what kernels are told that make a convolution, or its gradient to the
// input.
//
// y at row i is made of x at rows (i * step_h + u * dil_h + shift_h) / up_h, those
// that are whole and inside the image, and columns likewise. A convolution has
// up 1, step its stride, shift -padding; its gradient to x, over dy, has step 1,
// up its stride, shift padding and dil -dilation.

struct Params {
  images: u32, channels: u32, outputs: u32, groups: u32, // per group, both
  in_height: u32, in_width: u32, height: u32, width: u32, kh: u32, kw: u32,
  step_h: i32, step_w: i32, up_h: i32, up_w: i32,
  dil_h: i32, dil_w: i32, shift_h: i32, shift_w: i32,
  x_offset: u32, bias_offset: u32,
  w_offset: u32, w_group: u32, w_output: u32, w_input: u32, // of w as it was given
  // Runs (lib/gather_runs.wgsl) alone have the rest: of the taps of a row or
  // column, every `every`th is whole; from one to the next the input moves on by
  // `hop`. A row has `segments` runs, a group `blocks` of channels.
  every_h: u32, every_w: u32, hop_h: u32, hop_w: u32, segments: u32, blocks: u32,
}
