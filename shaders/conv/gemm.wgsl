// conv_gemm: y[n, o, i, j] = epilogue(sum over c, u, v of x * w[o, c, u, v]) for
// GPUs, as a product of matrices that are never stored: channels o by (c, u, v)
// times (c, u, v) by positions (n, i, j).
//
// y at row i is made of x at rows (i * step_h + u * dil_h + shift_h) / up_h, those
// that are whole and inside the image, and columns likewise. A convolution has
// up 1, step its stride, shift -padding; its gradient to x, over dy, has step 1,
// up its stride, shift padding and dil -dilation.
//
// A workgroup makes 64 channels x 64 positions from slices of 16 (c, u, v) in
// workgroup memory, an invocation 4 x 4 of them, 16 apart in both directions.
//
// prepended  BIAS: bool, the epilogue adds bias[o]
//            put(i, x: f32), which writes to y and may do more
// x          f32 [images, groups * channels, in_height, in_width], contiguous
// w          f32, strides of group, output, input in elements; taps contiguous
// bias       f32 [groups * outputs]; any buffer without BIAS
// y          f32 [images, groups * outputs, height, width], contiguous
// dispatch   one workgroup a tile, folded over x and y, positions first

struct Params {
  images: u32, channels: u32, outputs: u32, groups: u32, // per group, both
  in_height: i32, in_width: i32, height: u32, width: u32, kh: u32, kw: u32,
  step_h: i32, step_w: i32, up_h: i32, up_w: i32,
  dil_h: i32, dil_w: i32, shift_h: i32, shift_w: i32,
  x_offset: u32, bias_offset: u32,
  w_offset: u32, w_group: u32, w_output: u32, w_input: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const TILE = 64u;
const DEPTH = 16u;

// [DEPTH][TILE] each: one step of the sum after the other.
var<workgroup> a_tile: array<f32, 1024>;
var<workgroup> b_tile: array<f32, 1024>;

// A position of y: image (its number past the end if there is none), row, column.
struct Position { image: u32, row: i32, col: i32 }

fn position(index: u32) -> Position {
  let plane = params.height * params.width;
  return Position(
    index / plane,
    i32(index % plane / params.width),
    i32(index % params.width),
  );
}

fn load_w(base: u32, o: u32, k: u32) -> f32 {
  let taps = params.kh * params.kw;
  if (o >= params.outputs || k >= params.channels * taps) { return 0.0; }
  return w[base + o * params.w_output + k / taps * params.w_input + k % taps];
}

fn load_x(part: u32, k: u32, p: Position) -> f32 {
  let taps = params.kh * params.kw;
  let c = k / taps;
  if (p.image >= params.images || c >= params.channels) { return 0.0; }
  let tall = p.row * params.step_h + i32(k % taps / params.kw) * params.dil_h + params.shift_h;
  let wide = p.col * params.step_w + i32(k % params.kw) * params.dil_w + params.shift_w;
  let row = tall / params.up_h;
  let col = wide / params.up_w;
  let inside = tall >= 0 && row < params.in_height && row * params.up_h == tall
    && wide >= 0 && col < params.in_width && col * params.up_w == wide;
  if (!inside) { return 0.0; }
  let plane = (p.image * params.groups + part) * params.channels + c;
  let line = plane * u32(params.in_height) + u32(row);
  return x[params.x_offset + line * u32(params.in_width) + u32(col)];
}

fn store(value: f32, part: u32, o: u32, index: u32) {
  let p = position(index);
  if (o >= params.outputs || p.image >= params.images) { return; }
  let channel = part * params.outputs + o;
  var out = value;
  if (BIAS) { out += bias[params.bias_offset + channel]; }
  let plane = p.image * params.groups * params.outputs + channel;
  put((plane * params.height + u32(p.row)) * params.width + u32(p.col), out);
}

fn store4(values: vec4f, part: u32, o: u32, index: u32) {
  store(values.x, part, o, index);
  store(values.y, part, o, index + 16u);
  store(values.z, part, o, index + 32u);
  store(values.w, part, o, index + 48u);
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = group.y * groups.x + group.x;
  let positions = params.images * params.height * params.width;
  let position_tiles = (positions + TILE - 1u) / TILE;
  let output_tiles = (params.outputs + TILE - 1u) / TILE;
  let tiles = position_tiles * output_tiles;
  // The same answer in every lane: the barriers below are met by all or none.
  if (index >= tiles * params.groups) { return; }
  let first = index % position_tiles * TILE;
  let o = index / position_tiles % output_tiles * TILE;
  let part = index / tiles; // group of channels
  let w_base = params.w_offset + part * params.w_group;
  let col = lane % 16u;
  let row = lane / 16u;
  let mine = position(first + lane % TILE); // the position that this lane loads

  var sum: array<vec4f, 4>;
  let depth = params.channels * params.kh * params.kw;
  for (var first_k = 0u; first_k < depth; first_k += DEPTH) {
    for (var e = lane; e < TILE * DEPTH; e += 256u) {
      a_tile[e % DEPTH * TILE + e / DEPTH] = load_w(w_base, o + e / DEPTH, first_k + e % DEPTH);
      b_tile[e] = load_x(part, first_k + e / TILE, mine);
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let q_at = k * TILE + col;
      let q = vec4f(b_tile[q_at], b_tile[q_at + 16u], b_tile[q_at + 32u], b_tile[q_at + 48u]);
      sum[0] = fma(vec4f(a_tile[k * TILE + row]), q, sum[0]);
      sum[1] = fma(vec4f(a_tile[k * TILE + row + 16u]), q, sum[1]);
      sum[2] = fma(vec4f(a_tile[k * TILE + row + 32u]), q, sum[2]);
      sum[3] = fma(vec4f(a_tile[k * TILE + row + 48u]), q, sum[3]);
    }
    workgroupBarrier();
  }

  store4(sum[0], part, o + row, first + col);
  store4(sum[1], part, o + row + 16u, first + col);
  store4(sum[2], part, o + row + 32u, first + col);
  store4(sum[3], part, o + row + 48u, first + col);
}
