// conv_pack_weights: the filters of a convolution in the order in which the
// kernels for CPU adapters read them: blocks of 8 outputs, all of them for one
// tap next to each other.
//
// y[g, block, c, u, v, e] = w[g, 8 * block + e, c, u, v], or 0 past `outputs`
//
// w         f32, strides of group, output, input in elements; taps contiguous
// y         f32 [groups, blocks, inputs, taps, 8], contiguous, as vec4
// dispatch  8 inputs a workgroup along x, blocks of all groups along y
// flip      1 turns every filter by half a turn, as the gradient to x wants it

struct Params {
  outputs: u32, inputs: u32, taps: u32, blocks: u32, flip: u32,
  w_offset: u32, w_group: u32, w_output: u32, w_input: u32,
}

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

fn load(at: u32, output: u32) -> f32 {
  let value = w[at + min(output, params.outputs - 1u) * params.w_output];
  return select(0.0, value, output < params.outputs);
}

fn load4(at: u32, output: u32) -> vec4f {
  return vec4f(
    load(at, output),
    load(at, output + 1u),
    load(at, output + 2u),
    load(at, output + 3u),
  );
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let input = group.x * 8u + lane;
  if (input >= params.inputs) { return; }
  let part = group.y / params.blocks; // group of channels
  let output = (group.y - part * params.blocks) * 8u;
  let first = params.w_offset + part * params.w_group + input * params.w_input;
  let to = (group.y * params.inputs + input) * params.taps;
  for (var tap = 0u; tap < params.taps; tap++) {
    let at = first + select(tap, params.taps - 1u - tap, params.flip == 1u);
    y[2u * (to + tap)] = load4(at, output);
    y[2u * (to + tap) + 1u] = load4(at, output + 4u);
  }
}
