// windows: where a pooling window lies along one axis of an image, and what all
// pooling kernels are told.
//
// prepended  ADAPTIVE: bool, whether windows share the axis out evenly instead
//            of following from kernel, stride and padding
//            DILATED: bool, whether taps lie more than one element apart

struct Axis {
  size: u32, // of the input
  out: u32, // of the output
  kernel: u32, // taps of a window, the most of any
  stride: u32,
  pad: u32,
  dilation: u32,
  pad0: u32, pad1: u32,
}

struct Params {
  size: u32, // elements that are written, or rows of them
  quads: u32, // of such a row, where invocations take quads
  offset: u32, // of what is read
  code_row: u32, // codes of a row of windows
  counts_pad: u32, // 1 where the padding of a mean counts as zeros
  divisor: f32, // of a mean, instead of the count of a window, if it is not 0
  // Windows of very many rows go in several dispatches: each takes the rows of taps
  // (back: the rows of windows over an element) from `first` up to `end`,
  // exclusive, and goes on from what the one before it wrote.
  first: u32,
  end: u32,
  h: Axis,
  w: Axis,
}

const GROUP = 64u;

// a * b / c, rounded down, where the product may pass 2^32: an estimate, and what
// that leaves, which is less than 2^31 for products below 2^50.
fn scaled(a: u32, b: u32, c: u32) -> u32 {
  let near = u32(f32(a) * f32(b) / f32(c));
  let rest = bitcast<i32>(a * b - near * c);
  if (rest >= 0) { return near + u32(rest) / c; }
  return near - (u32(-rest) + c - 1u) / c;
}

// The same, rounded up.
fn scaled_up(a: u32, b: u32, c: u32) -> u32 {
  let low = scaled(a, b, c);
  return low + select(0u, 1u, a * b != low * c);
}

// Where the first tap of window `o` lies; it may lie in the padding.
fn first_of(a: Axis, o: u32) -> i32 {
  if (ADAPTIVE) { return i32(scaled(o, a.size, a.out)); }
  return i32(o * a.stride) - i32(a.pad);
}

// Taps of window `o`, those in the padding counted.
fn taps_of(a: Axis, o: u32) -> u32 {
  if (ADAPTIVE) {
    return scaled_up(o + 1u, a.size, a.out) - scaled(o, a.size, a.out);
  }
  return a.kernel;
}

// The taps of window `o` that lie on the axis: from x up to y, exclusive.
fn inside(a: Axis, o: u32) -> vec2u {
  let first = first_of(a, o);
  var low = u32(max(-first, 0));
  var high = u32(max(i32(a.size) - first, 0));
  if (DILATED) {
    low = (low + a.dilation - 1u) / a.dilation;
    high = (high + a.dilation - 1u) / a.dilation;
  }
  return vec2u(low, min(high, taps_of(a, o)));
}

// The windows that may hold input `i`: from x up to y, exclusive. All of them
// do, unless taps are dilated.
fn covering(a: Axis, i: u32) -> vec2u {
  if (ADAPTIVE) {
    return vec2u(scaled(i, a.out, a.size), scaled_up(i + 1u, a.out, a.size));
  }
  let at = i + a.pad;
  let reach = (a.kernel - 1u) * a.dilation;
  let low = (max(at, reach) - reach + a.stride - 1u) / a.stride;
  return vec2u(low, min(at / a.stride + 1u, a.out));
}

// The tap of window `o`, one of those covering `i`, that lies on input `i`, or
// `kernel` if none does.
fn tap_on(a: Axis, o: u32, i: u32) -> u32 {
  let distance = u32(i32(i) - first_of(a, o));
  if (DILATED) {
    let tap = distance / a.dilation;
    return select(a.kernel, tap, distance == tap * a.dilation);
  }
  return distance;
}
