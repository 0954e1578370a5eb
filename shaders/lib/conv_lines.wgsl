// conv_lines: lines of the input in registers, for convolutions whose filters have
// one channel each.
//
// prepended  KW: u32, columns of a filter, 7 at most
//            STEP: u32, stride, 1 or 2
//            PAD: u32, zeros on the left, 4 at most, and KW - PAD 4 + STEP at most
//            the binding of x: f32 rows of `vecs` vec4, `in_height` a plane; and
//            that of params, which say so

const FIRST = 4u - PAD; // the input that tap 0 of column 0 meets

// 16 inputs, from 4 before the invocation's first column on.
struct Line { a: vec4f, b: vec4f, c: vec4f, d: vec4f }

alias Taps = array<f32, 7>; // what belongs to each tap of a row of a filter

fn quad(line: u32, at: u32) -> vec4f {
  // vec4 left of the row are huge numbers
  return select(vec4f(), x[line + min(at, params.vecs - 1u)], at < params.vecs);
}

// The inputs of a row around vec4 `at`; rows above the plane are huge numbers.
fn load(plane: u32, row: u32, at: u32) -> Line {
  if (row >= params.in_height) { return Line(); }
  let line = plane + row * params.vecs;
  return Line(quad(line, at - 1u), quad(line, at), quad(line, at + 1u), quad(line, at + 2u));
}

// `k` is known when the driver compiles; nothing is chosen at run time.
fn input(r: Line, k: u32) -> f32 {
  let low = select(r.a, r.b, k >= 4u);
  let high = select(r.c, r.d, k >= 12u);
  return select(low, high, k >= 8u)[k % 4u];
}

// Input `k` and those that the same tap meets for the next three columns.
fn four(r: Line, k: u32) -> vec4f {
  return vec4f(
    input(r, k),
    input(r, k + STEP),
    input(r, k + 2u * STEP),
    input(r, k + 3u * STEP),
  );
}
