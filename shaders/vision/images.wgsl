// images: y[n, :, i, j] = program_n(sample_n(i, j)), one pixel an invocation.
// A record holds the image's part of the source, its filter and its program, a
// list of instructions that change colours.
//
// prepended  C: u32, channels of the source, 1 to 4
//            C_OUT: u32, channels of the result
//            SAMPLER: u32, 0 if no image is scaled, 1 if some are, 2 if images
//            go through a matrix
//            CUBIC: bool, whether a filter is cubic
//            FRAMED: bool, whether padding lies beside or around an image
//            changed(code: u32, at: u32, value: vec4f, mean: f32) -> vec4f, the
//            pixel after the instruction at word `at`, written by
//            executors/changes.ts from the table of actions
//            COLOURS, HUE, GAMMA: bool, which parts of `changed` are compiled.
//            A driver on the CPU runs both sides of every branch, and parts
//            that are left out cost nothing
//            WG: u32, invocations per workgroup
//            load_x(i: u32) -> f32, element i of the source
//            records: array<u32>; mean_of(n: u32) -> f32; y: array<f32>; params
// x          u8 or f32 of any layout: a record has the offset of its image and
//            the distances of channels, rows and columns, in elements
// records    u32 [N, words]; the words are named below, floats by their bits
// y          f32 [N, C_OUT, H, W], contiguous; of bytes integers
// dispatch   N * H * W invocations, folded over x and y
// special    weights of a filter add up to 1 also at the edge; NaN reaches only
//            the pixels that read it
// source     torchvision.transforms.functional on tensors; Keys 1981 (cubic)

struct Params {
  images: u32,
  height: u32,
  width: u32,
  words: u32,
  program: u32,
  // added to the offsets of records; the sum may wrap around
  shift: u32,
}

// Words of a record.
const OFFSET = 0u; // then the distances of channels, rows and columns
const AXIS_X = 4u;
const AXIS_Y = 14u;
const FILL = 24u;
// 0 nearest, 1 linear, 2 cubic, 3 cubic with antialias, 4 nearest by centres
const FILTER = 28u;
const ANTIALIAS = 29u;
const IS_BYTE = 30u;
const PROGRAM = 32u;
// A matrix, nine floats, stands in place of the axes.
const MATRIX = 4u;
const BLENDING = 13u; // 0 nearest, 1 bilinear, 2 bilinear with a fill
const WIDTH = 14u;
const HEIGHT = 15u;

// Words of an axis: output i reads scaled pixel j = START + STEP * i. Scaled
// pixels exist in [FROM, TO); elsewhere the padding mode BESIDE applies. They
// come from source pixels [LOW, HIGH). The source has SIZE pixels; elsewhere the
// padding mode AROUND applies.
const START = 0u;
const STEP = 1u;
const FROM = 2u;
const TO = 3u;
const BESIDE = 4u;
const LOW = 5u;
const HIGH = 6u;
const SCALE = 7u;
const AROUND = 8u;
const SIZE = 9u;

const INSTRUCTION = 12u; // words of one: code, bound, a, b, P (4), Q (4)
const P = 4u;
const Q = 8u;

fn int_at(i: u32) -> i32 { return bitcast<i32>(records[i]); }
fn float_at(i: u32) -> f32 { return bitcast<f32>(records[i]); }
fn vector_at(i: u32) -> vec4f {
  return vec4f(float_at(i), float_at(i + 1u), float_at(i + 2u), float_at(i + 3u));
}

// Pixel of [low, high) that stands at `at`, on or beside the range; -1: none.
fn inside(at: i32, low: i32, high: i32, mode: u32) -> i32 {
  if (!FRAMED || (at >= low && at < high)) { return at; }
  let before = at < low;
  switch mode {
    case 1u: { return select(high - 1, low, before); } // edge
    case 2u: { return select(2 * (high - 1) - at, 2 * low - at, before); }
    case 3u: { return select(2 * high - 1 - at, 2 * low - 1 - at, before); }
    default: { return -1; } // constant
  }
}

fn pixel(record: u32, x: i32, y: i32) -> vec4f {
  if ((FRAMED || SAMPLER == 2u) && (x < 0 || y < 0)) {
    return vector_at(record + FILL);
  }
  let at = params.shift + records[record + OFFSET] +
    u32(y) * records[record + 2u] + u32(x) * records[record + 3u];
  let next = records[record + 1u];
  var value = vec4f(load_x(at), 0.0, 0.0, 0.0);
  if (C > 1u) { value.y = load_x(at + next); }
  if (C > 2u) { value.z = load_x(at + 2u * next); }
  if (C > 3u) { value.w = load_x(at + 3u * next); }
  return value;
}

fn place(axis: u32, i: u32) -> i32 {
  let j = int_at(axis + START) + int_at(axis + STEP) * i32(i);
  return inside(j, int_at(axis + FROM), int_at(axis + TO), records[axis + BESIDE]);
}

fn cubic(distance: f32, a: f32) -> f32 {
  let x = abs(distance);
  if (x < 1.0) { return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0; }
  if (x < 2.0) { return (((x - 5.0) * x + 8.0) * x - 4.0) * a; }
  return 0.0;
}

fn weight(kind: u32, distance: f32) -> f32 {
  if (!CUBIC || kind == 1u) { return max(0.0, 1.0 - abs(distance)); }
  return cubic(distance, select(-0.75, -0.5, kind == 3u));
}

// Neighbours [first, end) of a place, counted from LOW; the place among them;
// and the factor by which the filter is stretched.
struct Taps { first: i32, end: i32, centre: f32, stretch: f32 }

fn taps(axis: u32, j: i32, kind: u32, antialias: bool) -> Taps {
  let scale = float_at(axis + SCALE);
  let length = int_at(axis + HIGH) - int_at(axis + LOW);
  if (kind == 0u || kind == 4u) {
    let place = f32(j) + select(0.0, 0.5, kind == 4u);
    let at = min(i32(floor(place * scale)), length - 1);
    return Taps(at, at + 1, 0.0, 1.0);
  }
  let stretch = select(1.0, max(scale, 1.0), antialias);
  let reach = select(2.0, 1.0, kind == 1u) * stretch;
  let centre = (f32(j) + 0.5) * scale;
  var first = i32(floor(centre - reach + 0.5));
  var end = i32(floor(centre + reach + 0.5));
  if (kind != 2u) { // no neighbours beyond the edge
    first = max(first, 0);
    end = min(end, length);
  }
  return Taps(first, end, centre, stretch);
}

fn tap_weight(t: Taps, at: i32, kind: u32) -> f32 {
  if (kind == 0u || kind == 4u) { return 1.0; }
  return weight(kind, (f32(at) - t.centre + 0.5) / t.stretch);
}

fn tap_pixel(axis: u32, at: i32) -> i32 {
  let low = int_at(axis + LOW);
  // without antialias, a neighbour beyond the edge is the outermost pixel
  let within = clamp(low + at, low, int_at(axis + HIGH) - 1);
  return inside(within, 0, int_at(axis + SIZE), records[axis + AROUND]);
}

fn filtered(record: u32, x: i32, y: i32) -> vec4f {
  let kind = records[record + FILTER];
  let antialias = records[record + ANTIALIAS] != 0u;
  let across = taps(record + AXIS_X, x, kind, antialias);
  let down = taps(record + AXIS_Y, y, kind, antialias);
  var total = vec4f(0.0);
  var down_sum = 0.0;
  var across_sum = 0.0;
  for (var r = down.first; r < down.end; r++) {
    let row_weight = tap_weight(down, r, kind);
    let row = tap_pixel(record + AXIS_Y, r);
    var sum = vec4f(0.0);
    across_sum = 0.0;
    for (var c = across.first; c < across.end; c++) {
      let w = tap_weight(across, c, kind);
      sum += w * pixel(record, tap_pixel(record + AXIS_X, c), row);
      across_sum += w;
    }
    total += row_weight * sum;
    down_sum += row_weight;
  }
  return total / (down_sum * across_sum);
}

fn rounded(record: u32, value: vec4f) -> vec4f {
  if (records[record + IS_BYTE] == 0u) { return value; }
  return clamp(round(value), vec4f(0.0), vec4f(255.0)); // half to even
}

fn sample_window(record: u32, x: u32, y: u32) -> vec4f {
  let j = place(record + AXIS_X, x);
  let i = place(record + AXIS_Y, y);
  if (FRAMED && (i < 0 || j < 0)) { return vector_at(record + FILL); }
  if (SAMPLER == 0u) {
    return pixel(record, tap_pixel(record + AXIS_X, j), tap_pixel(record + AXIS_Y, i));
  }
  let value = filtered(record, j, i);
  if (records[record + FILTER] == 0u) { return value; }
  return rounded(record, value);
}

fn is_there(record: u32, x: i32, y: i32) -> bool {
  return x >= 0 && x < int_at(record + WIDTH) &&
    y >= 0 && y < int_at(record + HEIGHT);
}

fn sample_matrix(record: u32, x: u32, y: u32) -> vec4f {
  let at = vec3f(f32(x) + 0.5, f32(y) + 0.5, 1.0);
  let m = record + MATRIX;
  let w = dot(vec3f(float_at(m + 6u), float_at(m + 7u), float_at(m + 8u)), at);
  let from_x = dot(vec3f(float_at(m), float_at(m + 1u), float_at(m + 2u)), at) / w - 0.5;
  let from_y = dot(vec3f(float_at(m + 3u), float_at(m + 4u), float_at(m + 5u)), at) / w - 0.5;
  // every place far beyond the image is alike; these fit an integer
  let px = clamp(from_x, -1e6, 1e6);
  let py = clamp(from_y, -1e6, 1e6);
  let way = records[record + BLENDING];
  if (way == 0u) {
    let nx = i32(round(px));
    let ny = i32(round(py));
    let there = is_there(record, nx, ny);
    return pixel(record, select(-1, nx, there), select(-1, ny, there));
  }
  let x0 = i32(floor(px));
  let y0 = i32(floor(py));
  let tx = px - floor(px);
  let ty = py - floor(py);
  var sum = vec4f(0.0);
  var share = 0.0; // of the pixel, inside the source
  for (var k = 0; k < 4; k++) {
    let tap_x = x0 + (k & 1);
    let tap_y = y0 + (k >> 1u);
    if (is_there(record, tap_x, tap_y)) {
      let w = select(1.0 - tx, tx, (k & 1) == 1) * select(1.0 - ty, ty, k > 1);
      sum += w * pixel(record, tap_x, tap_y);
      share += w;
    }
  }
  if (way == 2u) {
    sum = sum * share + (1.0 - share) * vector_at(record + FILL);
  }
  return rounded(record, sum);
}

// Value within 0 to `bound`; bytes (bound 255) lose their fraction.
fn cut(value: vec4f, bound: f32) -> vec4f {
  let within = clamp(value, vec4f(0.0), vec4f(bound));
  return select(within, trunc(within), bound > 1.0);
}

fn to_byte(value: vec4f) -> vec4f {
  return trunc(clamp(value * 255.999, vec4f(0.0), vec4f(255.0)));
}

fn grey_of(value: vec4f, bound: f32) -> f32 {
  if (C == 1u) { return value.x; }
  let grey = 0.2989 * value.x + 0.587 * value.y + 0.114 * value.z;
  return select(grey, trunc(grey), bound > 1.0);
}

fn bent(value: f32, gamma: f32) -> f32 {
  if (value <= 0.0) { return select(0.0, 1.0, gamma == 0.0); }
  return pow(value, gamma);
}

// Smith 1978: RGB to HSV and back with another hue; values 0 to 1.
fn turned(rgb: vec3f, turn: f32) -> vec3f {
  let high = max(rgb.x, max(rgb.y, rgb.z));
  let span = high - min(rgb.x, min(rgb.y, rgb.z));
  if (span == 0.0) { return vec3f(high); }
  let saturation = span / high;
  let c = (high - rgb) / span;
  var sextant = 4.0 + c.y - c.x;
  if (rgb.x == high) { sextant = c.z - c.y; }
  else if (rgb.y == high) { sextant = 2.0 + c.x - c.z; }
  let start = sextant / 6.0 + 1.0;
  let moved = start - trunc(start) + turn;
  let hue = (moved - floor(moved)) * 6.0;
  let part = hue - floor(hue);
  let p = clamp(high * (1.0 - saturation), 0.0, 1.0);
  let q = clamp(high * (1.0 - saturation * part), 0.0, 1.0);
  let t = clamp(high * (1.0 - saturation * (1.0 - part)), 0.0, 1.0);
  switch u32(hue) % 6u {
    case 0u: { return vec3f(high, t, p); }
    case 1u: { return vec3f(q, high, p); }
    case 2u: { return vec3f(p, high, t); }
    case 3u: { return vec3f(p, q, high); }
    case 4u: { return vec3f(t, p, high); }
    default: { return vec3f(high, p, q); }
  }
}

// Bytes as floats 0 to 1, or floats as bytes.
fn converted(value: vec4f, bound: f32) -> vec4f {
  if (bound > 1.0) { return value / 255.0; }
  return to_byte(value);
}

fn with_hue(value: vec4f, turn: f32, bound: f32) -> vec4f {
  let rgb = turned(value.xyz / bound, turn);
  return select(
    vec4f(rgb, 0.0),
    trunc(vec4f(rgb * 255.0 + 1e-3, 0.0)), // as SLACK in host_colours.ts
    bound > 1.0,
  );
}

fn with_gamma(value: vec4f, gamma: f32, gain: f32, bound: f32) -> vec4f {
  let unit = value / bound;
  let curve = clamp(
    gain * vec4f(bent(unit.x, gamma), bent(unit.y, gamma), bent(unit.z, gamma), 0.0),
    vec4f(0.0),
    vec4f(1.0),
  );
  return select(curve, to_byte(curve), bound > 1.0);
}

@compute @workgroup_size(WG)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let plane = params.height * params.width;
  let index = id.y * groups.x * WG + id.x;
  if (index >= params.images * plane) { return; }
  let n = index / plane;
  let p = index % plane;
  let record = n * params.words;
  let x = p % params.width;
  let y_row = p / params.width;
  var value: vec4f;
  if (SAMPLER == 2u) { value = sample_matrix(record, x, y_row); }
  else { value = sample_window(record, x, y_row); }
  let mean = mean_of(n);
  for (var k = 0u; k < params.program; k++) {
    let at = record + PROGRAM + k * INSTRUCTION;
    value = changed(records[at], at, value, mean);
  }
  let to = n * C_OUT * plane + p;
  y[to] = value.x;
  if (C_OUT > 1u) { y[to + plane] = value.y; }
  if (C_OUT > 2u) { y[to + 2u * plane] = value.z; }
  if (C_OUT > 3u) { y[to + 3u * plane] = value.w; }
}
