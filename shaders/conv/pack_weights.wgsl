// conv_pack_weights: the filters of a convolution in the order in which the
// kernels for CPU adapters read them: blocks of 8 outputs, all of them for one
// tap next to each other.
//
// y[g, block, c, u, v, e] = w[g, 8 * block + e, c, u, v], or 0 past `outputs`
//
// w         f32, strides of group, output, input in elements; taps contiguous
// y         f32 [groups, blocks, inputs, taps, 8], contiguous
// dispatch  an element of y an invocation, folded over x and y
// flip      1 turns every filter by half a turn, as the gradient to x wants it

struct Params {
  outputs: u32, inputs: u32, taps: u32, blocks: u32, count: u32, flip: u32,
  w_offset: u32, w_group: u32, w_output: u32, w_input: u32,
}

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= params.count) { return; }
  let tap = index / 8u % params.taps;
  let input = index / 8u / params.taps % params.inputs;
  let block = index / 8u / params.taps / params.inputs;
  let output = block % params.blocks * 8u + index % 8u;
  let at = params.w_offset + block / params.blocks * params.w_group
    + min(output, params.outputs - 1u) * params.w_output + input * params.w_input
    + select(tap, params.taps - 1u - tap, params.flip == 1u);
  y[index] = select(0.0, w[at], output < params.outputs);
}
