// window_lines: the part of a row of an image that four neighbouring windows
// look at, in registers.
//
// prepended  Axis and its functions (lib/windows.wgsl)
//            KW, SW: u32, taps of a window along the row, and how far apart two
//            windows lie
//            LEAD: u32, columns between the first of the line and that of the
//            first window, so that lines of wide loads begin at whole quads
//            COLUMNS: u32, LEAD + 3 * SW + KW, a multiple of 4 with wide loads
//            WIDTH: u32, 4 where rows and offset are multiples of it: columns
//            that are loaded at a time; else 1
//            edge() -> f32, what stands for columns beyond the row
//            binding 0: load_x(i), element i, or quad i with a WIDTH of 4

alias Line = array<f32, COLUMNS>;

// The columns from `first - LEAD` on of the row that begins at `start`.
fn line_at(start: u32, first: i32, size: u32) -> Line {
  var line: Line;
  let left = first - i32(LEAD);
  for (var c = 0u; c < COLUMNS; c += WIDTH) {
    // a quad never lies half in the row
    let column = left + i32(c);
    let is_inside = column >= 0 && u32(column) < size;
    let at = start + select(0u, u32(column), is_inside);
    let loaded = select(vec4f(edge()), vec4f(load_x(at / WIDTH)), is_inside);
    for (var lane = 0u; lane < WIDTH; lane++) { line[c + lane] = loaded[lane]; }
  }
  return line;
}

// Tap `l` of the four windows.
fn taps_at(line: Line, l: u32) -> vec4f {
  let c = LEAD + l;
  return vec4f(line[c], line[c + SW], line[c + 2u * SW], line[c + 3u * SW]);
}
