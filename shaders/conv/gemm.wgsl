// conv_gemm: y[n, o, i, j] = epilogue(sum over c, u, v of x * w[o, c, u, v]) for
// GPUs, as a product of matrices that are never stored: channels o by (c, u, v)
// times (c, u, v) by positions (n, i, j).
//
// A workgroup makes SIDE channels x SIDE positions from slices of 16 (c, u, v) in
// workgroup memory. An invocation makes 4 x 4 of them in registers, or with a SIDE of
// 128 four times 4 x 4, 64 apart in both directions. It always loads the same four
// positions of a slice, so that these are worked out once.
//
// prepended  Params (lib/gather.wgsl)
//            SIDE: u32, 64 or 128; slices and their step (lib/tiles.wgsl)
//            UP: bool, up_h or up_w is not 1
//            BIAS: bool, the epilogue adds bias[o]
//            put(i, x: f32), which writes to y and may do more
// x          f32 [images, groups * channels, in_height, in_width], contiguous
// w          f32, strides of group, output, input in elements; taps contiguous
// bias       f32 [groups * outputs]; any buffer without BIAS
// y          f32 [images, groups * outputs, height, width], contiguous
// dispatch   one workgroup a tile, folded over x and y, positions first

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// A position of y: image (its number past the end if there is none), row, column.
struct Position { image: u32, row: u32, col: u32 }

fn position(index: u32) -> Position {
  let plane = params.height * params.width;
  let image = index / plane;
  let row = (index - image * plane) / params.width;
  return Position(image, row, index - image * plane - row * params.width);
}

// Where a position's window begins, times up: the first channel's plane and the rows
// and columns of tap 0.
struct Corner { plane: u32, tall: i32, wide: i32, exists: bool }

fn corner(part: u32, index: u32) -> Corner {
  let p = position(index);
  return Corner(
    (p.image * params.groups + part) * params.channels,
    i32(p.row) * params.step_h + params.shift_h,
    i32(p.col) * params.step_w + params.shift_w,
    p.image < params.images,
  );
}

// One step of the sum: a channel and a tap's distance from the window's corner.
struct Step { channel: u32, down: i32, right: i32 }

fn step_of(k: u32) -> Step {
  let taps = params.kh * params.kw;
  let c = k / taps;
  let u = (k - c * taps) / params.kw;
  let v = k - c * taps - u * params.kw;
  return Step(c, i32(u) * params.dil_h, i32(v) * params.dil_w);
}

fn load_x(p: Corner, s: Step) -> f32 {
  let tall = p.tall + s.down;
  let wide = p.wide + s.right;
  var row = tall;
  var col = wide;
  var whole = true;
  if (UP) {
    row = tall / params.up_h;
    col = wide / params.up_w;
    whole = row * params.up_h == tall && col * params.up_w == wide;
  }
  let inside = whole && tall >= 0 && row < i32(params.in_height)
    && wide >= 0 && col < i32(params.in_width);
  if (!inside || !p.exists || s.channel >= params.channels) { return 0.0; }
  let line = (p.plane + s.channel) * params.in_height + u32(row);
  return x[params.x_offset + line * params.in_width + u32(col)];
}

fn load_w(at: u32, o: u32, s: Step) -> f32 {
  if (o >= params.outputs || s.channel >= params.channels) { return 0.0; }
  return w[at + o * params.w_output];
}

fn quad_of_w(base: u32, o: u32, k: u32) -> vec4f {
  let s = step_of(k);
  let taps = params.kh * params.kw;
  let at = base + s.channel * params.w_input + k - s.channel * taps;
  return vec4f(
    load_w(at, o, s),
    load_w(at, o + 1u, s),
    load_w(at, o + 2u, s),
    load_w(at, o + 3u, s),
  );
}

fn store(value: f32, part: u32, o: u32, p: Position) {
  if (o >= params.outputs || p.image >= params.images) { return; }
  let channel = part * params.outputs + o;
  var out = value;
  if (BIAS) { out += bias[params.bias_offset + channel]; }
  let plane = p.image * params.groups * params.outputs + channel;
  put((plane * params.height + p.row) * params.width + p.col, out);
}

fn store_block(c: mat4x4f, part: u32, o: u32, index: u32) {
  for (var j = 0u; j < 4u; j++) {
    let p = position(index + j);
    store(c[0][j], part, o, p);
    store(c[1][j], part, o + 1u, p);
    store(c[2][j], part, o + 2u, p);
    store(c[3][j], part, o + 3u, p);
  }
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = group.y * groups.x + group.x;
  let positions = params.images * params.height * params.width;
  let position_tiles = (positions + SIDE - 1u) / SIDE;
  let output_tiles = (params.outputs + SIDE - 1u) / SIDE;
  let tiles = position_tiles * output_tiles;
  // The same answer in every lane: the barriers below are met by all or none.
  if (index >= tiles * params.groups) { return; }
  let first = index % position_tiles * SIDE;
  let first_o = index / position_tiles % output_tiles * SIDE;
  let part = index / tiles; // group of channels
  let w_base = params.w_offset + part * params.w_group;
  let col4 = lane % 16u;
  let row4 = lane / 16u;
  // 256 lanes are whole lines of QUADS
  let mine = first + 4u * (lane % QUADS);
  let p0 = corner(part, mine);
  let p1 = corner(part, mine + 1u);
  let p2 = corner(part, mine + 2u);
  let p3 = corner(part, mine + 3u);

  var c00: mat4x4f;
  var c01: mat4x4f; // 64 positions on
  var c10: mat4x4f; // 64 channels on
  var c11: mat4x4f;
  let depth = params.channels * params.kh * params.kw;
  for (var first_k = 0u; first_k < depth; first_k += DEPTH) {
    for (var e = lane; e < DEPTH * QUADS; e += 256u) {
      let o = e / DEPTH;
      let k = e % DEPTH;
      a_tile[k * LINE + o] = quad_of_w(w_base, first_o + 4u * o, first_k + k);
      let s = step_of(first_k + e / QUADS);
      b_tile[e / QUADS * LINE + e % QUADS] = vec4f(
        load_x(p0, s),
        load_x(p1, s),
        load_x(p2, s),
        load_x(p3, s),
      );
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let p = a_tile[k * LINE + row4];
      let q = b_tile[k * LINE + col4];
      c00 = step(c00, p, q);
      if (SIDE > 64u) {
        let p_on = a_tile[k * LINE + QUADS / 2u + row4];
        let q_on = b_tile[k * LINE + QUADS / 2u + col4];
        c01 = step(c01, p, q_on);
        c10 = step(c10, p_on, q);
        c11 = step(c11, p_on, q_on);
      }
    }
    workgroupBarrier();
  }

  let o = first_o + 4u * row4;
  let at = first + 4u * col4;
  store_block(c00, part, o, at);
  if (SIDE > 64u) {
    store_block(c01, part, o, at + 64u);
    store_block(c10, part, o + 64u, at);
    store_block(c11, part, o + 64u, at + 64u);
  }
}
