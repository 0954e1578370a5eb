// conv_unfold: the inputs of every position of a convolution's output as a column,
// for products of matrices to convolve with:
//
// cols[n, g, (c, u, v), (i, j)] = x[n, g, c, i * step_h + u * dil_h - pad_h, ...],
// or 0 outside the image
//
// x         f32 [images, groups, channels, in_height, in_width], contiguous
// cols      f32 [images, groups, lines, 4 * quads], contiguous, as vec4; lines is
//           channels * kh * kw, and quads height * width / 4, rounded up to whole
//           vec4; what is past the end is 0
// dispatch  8 quads a workgroup along x, groups * channels / 8, rounded up, along y,
//           images along z; an invocation makes a quad of 8 channels
//
// On Mesa's lavapipe a division costs as much as 4 loads: hence the three axes, and
// 8 channels for the divisions of one.

struct Params {
  channels: u32, groups: u32, in_height: u32, in_width: u32, height: u32, width: u32,
  kh: u32, kw: u32, step_h: u32, step_w: u32, dil_h: u32, dil_w: u32,
  pad_h: u32, pad_w: u32, lines: u32, quads: u32, x_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> cols: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// Where a position's window begins; rows and columns wrap around below 0.
struct Corner { row: u32, col: u32 }

fn corner(i: u32, j: u32) -> Corner {
  // rows past the end are outside of any image
  let row = select(0x40000000u, i * params.step_h - params.pad_h, i < params.height);
  return Corner(row, j * params.step_w - params.pad_w);
}

fn load(plane: u32, at: Corner, down: u32, right: u32) -> f32 {
  let row = at.row + down;
  let col = at.col + right;
  let inside = row < params.in_height && col < params.in_width;
  return select(0.0, x[plane + select(0u, row * params.in_width + col, inside)], inside);
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quad = group.x * 8u + lane;
  if (quad >= params.quads) { return; }
  var i = 4u * quad / params.width;
  var j = 4u * quad - i * params.width;
  let p0 = corner(i, j);
  j++;
  if (j == params.width) { i++; j = 0u; }
  let p1 = corner(i, j);
  j++;
  if (j == params.width) { i++; j = 0u; }
  let p2 = corner(i, j);
  j++;
  if (j == params.width) { i++; j = 0u; }
  let p3 = corner(i, j);

  let taps = params.kh * params.kw;
  let planes = params.groups * params.channels;
  let end = min(8u * group.y + 8u, planes);
  var part = 8u * group.y / params.channels; // group of channels
  var c = 8u * group.y - part * params.channels;
  for (var channel = 8u * group.y; channel < end; channel++) {
    let plane = params.x_offset
      + (group.z * planes + channel) * params.in_height * params.in_width;
    let base = (group.z * params.groups + part) * params.lines;
    var to = (base + c * taps) * params.quads + quad;
    var down = 0u;
    for (var u = 0u; u < params.kh; u++) {
      var right = 0u;
      for (var v = 0u; v < params.kw; v++) {
        cols[to] = vec4f(
          load(plane, p0, down, right),
          load(plane, p1, down, right),
          load(plane, p2, down, right),
          load(plane, p3, down, right),
        );
        to += params.quads;
        right += params.dil_w;
      }
      down += params.dil_h;
    }
    c++;
    if (c == params.channels) {
      for (var line = c * taps; line < params.lines; line++) {
        cols[(base + line) * params.quads + quad] = vec4f();
      }
      c = 0u;
      part++;
    }
  }
}
