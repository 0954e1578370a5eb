// NOTE [seal]: where several maps run in one kernel, a compiler may join the
// product of one with the sum of the next, or cancel what one adds and the next
// takes away. What one map hands to the next is sealed, so that it can't: it is
// changed by a number that is 0 in every run, which the compiler does not know.
// The bits are then those of one kernel after the other.
//
// prepended  zero() -> u32, which is 0 and no constant

fn seal(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ zero());
}

fn seal4(x: vec4f) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>(x) ^ vec4u(zero()));
}
