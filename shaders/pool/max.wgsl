// max: the maximum of each window of an image, and which tap it came from.
//
// prepended  Params, Axis and its functions (lib/windows.wgsl); is_nan, infinity
//            C: what holds the codes of four outputs; pack(vec4u) -> C, unpack(C)
// x          f32 [planes, h.size, w.size], row-major from `offset` on
// y          f32 [planes, h.out, w.out]
// codes      in the shape of y: row of the tap times w.kernel, plus its column
// dispatch   an invocation for four neighbouring outputs, folded over x and y;
//            params.first is above 0 where it goes on from y and codes
// special    the first of equal maxima counts; NaN is larger than everything,
//            the last NaN of a window counts; padding never counts

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> codes: array<C>;
@group(0) @binding(3) var<uniform> params: Params;

struct Best {
  value: f32,
  code: u32,
}

// The best of output `index`, `given` being that of the taps before params.first.
fn best_of(index: u32, given: Best) -> Best {
  let h = params.h;
  let w = params.w;
  let column = index % w.out;
  let rest = index / w.out;
  let row = rest % h.out;
  let base = params.offset + (rest / h.out) * h.size * w.size;
  let rows = inside(h, row);
  let columns = inside(w, column);
  let first = max(rows.x, params.first);
  let line_step = h.dilation * w.size;
  var line = base + u32(first_of(h, row) + i32(first * h.dilation)) * w.size +
    u32(first_of(w, column) + i32(columns.x * w.dilation));
  var best = given;
  if (params.first == 0u) {
    best = Best(-infinity(), rows.x * w.kernel + columns.x);
  }
  for (var k = first; k < min(rows.y, params.end); k++) {
    var at = line;
    for (var l = columns.x; l < columns.y; l++) {
      let value = x[at];
      if (value > best.value || is_nan(value)) {
        best = Best(value, k * w.kernel + l);
      }
      at += w.dilation;
    }
    line += line_step;
  }
  return best;
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let quad = id.y * groups.x * GROUP + id.x;
  if (quad * 4u >= params.size) { return; } // guard
  var value: vec4f;
  var code: vec4u;
  if (params.first > 0u) {
    value = y[quad];
    code = unpack(codes[quad]);
  }
  for (var k = 0u; k < 4u; k++) {
    // Past the end the last output is made again: buffers are whole quads.
    let index = min(quad * 4u + k, params.size - 1u);
    let best = best_of(index, Best(value[k], code[k]));
    value[k] = best.value;
    code[k] = best.code;
  }
  y[quad] = value;
  codes[quad] = pack(code);
}
