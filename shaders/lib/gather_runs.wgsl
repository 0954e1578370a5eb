// gather_runs: runs of 14 outputs of one row, up_w apart so that they need the same
// taps, on adapters that are CPUs. A step of a kernel's loop is one tap: 14 inputs,
// or one, where the others move along.
//
// prepended  Params (lib/gather.wgsl)
//            the bindings of x (f32, rows of in_width) and params

const RUN = 14u;

// What a tap meets for each output of a run.
alias Run = array<f32, RUN>;

// A column left of the image is a huge number, and so right of it.
fn load(row: u32, col: u32) -> f32 {
  let value = x[row + min(col, params.in_width - 1u)];
  return select(0.0, value, col < params.in_width);
}

// The run whose first input is at `col`, those of its outputs `step` apart.
fn load_run(row: u32, col: u32, step: u32) -> Run {
  return Run(
    load(row, col),
    load(row, col + step),
    load(row, col + 2u * step),
    load(row, col + 3u * step),
    load(row, col + 4u * step),
    load(row, col + 5u * step),
    load(row, col + 6u * step),
    load(row, col + 7u * step),
    load(row, col + 8u * step),
    load(row, col + 9u * step),
    load(row, col + 10u * step),
    load(row, col + 11u * step),
    load(row, col + 12u * step),
    load(row, col + 13u * step),
  );
}

// A run moved on by one input, `next` being the last of it.
fn moved(r: Run, next: f32) -> Run {
  return Run(
    r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13],
    next,
  );
}

// The taps in one direction that an output needs: from `first` on every `every`th,
// `count` of them, in inputs from `input` on, which wraps around below 0.
struct Taps { first: u32, count: u32, input: u32 }

fn taps(at: i32, dil: i32, up: i32, size: u32, every: u32) -> Taps {
  var first = 0u;
  while (first < every && (at + i32(first) * dil) % up != 0) { first++; }
  if (first >= min(every, size)) { return Taps(0u, 0u, 0u); }
  let count = (size - first + every - 1u) / every;
  return Taps(first, count, bitcast<u32>((at + i32(first) * dil) / up));
}

// The taps of row `i` of y, and of a run that begins in column `j` below up_w.
fn taps_of_row(i: u32) -> Taps {
  let at = i32(i) * params.step_h + params.shift_h;
  return taps(at, params.dil_h, params.up_h, params.kh, params.every_h);
}

fn taps_of_column(j: u32) -> Taps {
  let at = i32(j) + params.shift_w;
  return taps(at, params.dil_w, params.up_w, params.kw, params.every_w);
}
