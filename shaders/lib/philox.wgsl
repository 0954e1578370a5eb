// philox: Philox 4x32-10, the random words of src/tensor/philox.ts, and what
// its NOTE [random counter] makes of them.
//
// source  Salmon, Moraes, Dror, Shaw 2011 (Random123)

// Where a draw begins. One block gives words for four elements.
struct Draw {
  key_low: u32,
  key_high: u32,
  block_low: u32,
  block_high: u32,
}

// The low and the high word of a * b.
fn multiply_wide(a: u32, b: u32) -> vec2u {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let middle = a_high * b_low + ((a_low * b_low) >> 16u);
  let carry = a_low * b_high + (middle & 0xffffu);
  return vec2u(a * b, a_high * b_high + (middle >> 16u) + (carry >> 16u));
}

fn philox(start: vec4u, key: vec2u) -> vec4u {
  var c = start;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let x = multiply_wide(0xd2511f53u, c.x);
    let z = multiply_wide(0xcd9e8d57u, c.z);
    c = vec4u(z.y ^ c.y ^ k.x, z.x, x.y ^ c.w ^ k.y, x.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// The four words of a draw's block `i`.
fn words_of(draw: Draw, i: u32) -> vec4u {
  let low = draw.block_low + i;
  let high = draw.block_high + select(0u, 1u, low < i);
  return philox(vec4u(low, high, 0u, 0u), vec2u(draw.key_low, draw.key_high));
}

// Four numbers in [0, 1), each a multiple of 2^-24.
fn uniforms(words: vec4u) -> vec4f {
  return vec4f(words >> vec4u(8u)) * 0x1p-24f;
}

// Four numbers of mean 0 and variance 1. Source: Box & Muller 1958.
fn normals(words: vec4u) -> vec4f {
  let u = vec2f((words.xz >> vec2u(8u)) + vec2u(1u)) * 0x1p-24f;
  // a logarithm that is a little off near 1 must not come out positive
  let r = sqrt(max(-2.0 * log(u), vec2f(0.0)));
  let angle = 6.28318530717958648 * uniforms(words).yw;
  return r.xxyy * vec4f(cos(angle.x), sin(angle.x), cos(angle.y), sin(angle.y));
}

// Four integers in [0, n): word * n / 2^32. The likelihoods of two of them
// differ by n / 2^32 of their size at most.
fn integers(words: vec4u, n: u32) -> vec4u {
  return vec4u(
    multiply_wide(words.x, n).y,
    multiply_wide(words.y, n).y,
    multiply_wide(words.z, n).y,
    multiply_wide(words.w, n).y,
  );
}
