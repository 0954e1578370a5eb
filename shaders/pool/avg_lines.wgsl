// avg_lines: avg.wgsl for windows whose taps along a row are known, four windows
// side by side at a time.
//
// prepended  Params, Axis and its functions (lib/windows.wgsl), Line and its
//            functions (lib/window_lines.wgsl), with an edge of 0
//            divisor(row, column) (lib/window_means.wgsl)
//            SPREAD: u32, neighbouring lanes that share a row of y
//            store_y(at, n, v): writes the first n of v at element `at` of y
// x          f32 [planes, h.size, w.size], row-major from `offset` on
// y          f32 [planes, h.out, w.out]
// dispatch   rows * SPREAD invocations, folded over x and y
// geometry   as in max_lines.wgsl

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
  let out_row = row % h.out;
  let rows = inside(h, out_row);
  let top = u32(first_of(h, out_row) + i32(rows.x));
  let base = params.offset + ((row / h.out) * h.size + top) * w.size;
  for (var quad = k % SPREAD; quad < params.quads; quad += SPREAD) {
    let column = quad * 4u;
    let left = first_of(w, column);
    var sum = vec4f(0.0);
    var start = base;
    for (var tap = rows.x; tap < rows.y; tap++) {
      let line = line_at(start, left, w.size);
      for (var l = 0u; l < KW; l++) { sum += taps_at(line, l); }
      start += w.size;
    }
    let by = vec4f(
      divisor(out_row, column),
      divisor(out_row, column + 1u),
      divisor(out_row, column + 2u),
      divisor(out_row, column + 3u),
    );
    store_y(row * w.out + column, w.out - column, sum / by);
  }
}
