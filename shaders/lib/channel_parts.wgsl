// channel_parts: what kernels are told that sum over channels, and the part of a
// channel that a run is: some images of it.
//
// prepended  the binding of params

struct Params {
  images: u32,
  channels: u32, // in Q where it is four of them
  length: u32, // of a channel in an image, in Q
  span: u32, // images of a part
  runs: u32, // parts * channels
  x_offset: u32, // in Q
  // what gradients are told besides
  dy_offset: u32, // in Q
  stat_count: u32, // statistics in units of what is loaded
  per_stat: u32, // channels that share a statistic
}

// The images of a channel from `first` up to `end`, exclusive.
struct Part { channel: u32, first: u32, end: u32 }

// Beyond the end it is the last one again: no lane may miss a barrier.
fn part_of(run: u32) -> Part {
  let at = min(run, params.runs - 1u);
  let first = (at / params.channels) * params.span;
  return Part(at % params.channels, first, min(first + params.span, params.images));
}
