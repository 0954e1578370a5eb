// float: what WGSL has no words for. Compilers may assume that no f32 is NaN or
// infinite, so both are told by their bits.

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn is_inf(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u;
}

fn is_zero(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) == 0u;
}

// A value that the compiler can't see through: literals may not be infinite.
fn from_bits(bits: u32) -> f32 {
  var hidden = bits;
  return bitcast<f32>(hidden);
}

fn nan() -> f32 { return from_bits(0x7fc00000u); }
fn infinity() -> f32 { return from_bits(0x7f800000u); }
