// max_lines: max.wgsl for windows whose taps along a row are known, four windows
// side by side at a time.
//
// prepended  Params, Axis and its functions (lib/windows.wgsl), Line and its
//            functions (lib/window_lines.wgsl), with an edge of -infinity
//            infinity() -> f32
//            SPREAD: u32, neighbouring lanes that share a row of y
//            C: what holds the codes of four outputs; pack(vec4u) -> C
//            store_y(at, n, v): writes the first n of v at element `at` of y
// x          f32 [planes, h.size, w.size], row-major from `offset` on
// y          f32 [planes, h.out, w.out]
// codes      [planes, h.out, quads] of C: row of the tap times w.kernel, plus
//            its column
// dispatch   rows * SPREAD invocations, folded over x and y
// special    as in max.wgsl
// geometry   Windows that overlap share their loads, and neighbouring lanes read
//            neighbouring columns ([16, 64, 112, 112] by 3x3, stride 2, on a CPU
//            adapter: 37 ms window by window, 18 so).

fn is_nan4(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let k = id.y * groups.x * GROUP + id.x;
  let row = k / SPREAD;
  if (row >= params.size) { return; } // guard
  let h = params.h;
  let w = params.w;
  let rows = inside(h, row % h.out);
  let top = u32(first_of(h, row % h.out) + i32(rows.x * h.dilation));
  let base = params.offset + ((row / h.out) * h.size + top) * w.size;
  for (var quad = k % SPREAD; quad < params.quads; quad += SPREAD) {
    let column = quad * 4u;
    let left = first_of(w, column);
    // what is nothing but -infinity has its maximum at the first tap inside
    let lefts = vec4i(left) + vec4i(0, 1, 2, 3) * i32(SW);
    var best = vec4f(-infinity());
    var code = rows.x * w.kernel + vec4u(max(-lefts, vec4i(0)));
    var start = base;
    for (var tap = rows.x; tap < rows.y; tap++) {
      let line = line_at(start, left, w.size);
      for (var l = 0u; l < KW; l++) {
        let value = taps_at(line, l);
        let wins = (value > best) | is_nan4(value);
        best = select(best, value, wins);
        code = select(code, vec4u(tap * w.kernel + l), wins);
      }
      start += h.dilation * w.size;
    }
    store_y(row * w.out + column, w.out - column, best);
    codes[row * params.quads + quad] = pack(code);
  }
}
