// fold_rows: y[row, part] = fold of x[row, c] over the c of one part, read four
// at a time; fold_columns.wgsl for rows that quads do not divide.
//
// prepended  as in fold_columns.wgsl, with V: four elements, element(q, own) -> V
//            of quad q, and finish(T) -> Y of one element
// x          [rows, length], row-major from `offset` on; length, run and
//            offset are multiples of 4
// y          [rows, parts], row-major
// dispatch   rows * parts invocations, folded over x and y

struct Params {
  outer: u32,
  length: u32,
  inner: u32, // 1
  parts: u32,
  run: u32,
  offset: u32,
  scale: f32,
  center: u32,
}

const GROUP = 64u;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let k = id.y * groups.x * GROUP + id.x;
  if (k >= params.outer * params.parts) { return; } // guard
  let part = k % params.parts;
  let row = k / params.parts;
  let first = part * params.run;
  let count = min(params.run, params.length - min(first, params.length)) / 4u;
  let start = (params.offset + row * params.length + first) / 4u;
  let own = own_of(row);
  var total = empty();
  for (var q = start; q < start + count; q++) {
    total = join(total, element(q, own));
  }
  let halves = join(total, total.zwxy);
  y[k] = finish(join(halves, halves.yxwz).x);
}
