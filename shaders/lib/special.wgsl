// special: functions that WGSL lacks, and those whose built-ins WGSL lets be too
// coarse (asin 4e-4, atan 3e-6, tanh near 0, sin of large angles). Polynomials
// are minimax fits in f64, rounded; errors are within 4 units in the last place
// where no comment says otherwise. NaN gives NaN. After float.wgsl.

fn log1p(x: f32) -> f32 {
  // log(1 + x) = 2 atanh(x / (2 + x)), |s| <= 1/3 on [-1/2, 1]
  if (x < -0.5 || x > 1.0) { return log(1.0 + x); }
  let s = x / (2.0 + x);
  let u = s * s;
  let p = fma(fma(fma(fma(0.11628812, u, 0.10849673), u, 0.14296423), u,
    0.19999848), u, 0.33333334);
  return 2.0 * fma(s * u, p, s);
}

// exp(x) - 1 for |x| <= 1/2
fn expm1_small(x: f32) -> f32 {
  let p = fma(fma(fma(fma(fma(fma(2.4957046e-5, x, 1.9962185e-4), x,
    1.3888608e-3), x, 8.333182e-3), x, 4.1666668e-2), x, 0.16666667), x, 0.5);
  return fma(x * x, p, x);
}

fn power_of_two(n: i32) -> f32 { return bitcast<f32>(u32(n + 127) << 23u); }

// The built-in rounds x * log2(e), which costs large results a dozen bits.
fn exp_of(x: f32) -> f32 {
  let c = clamp(x, -105.0, 90.0); // beyond: 0 and infinity all the same
  let k = round(c * 1.442695);
  let r = fma(k, -1.4286068e-6, fma(k, -0.69314575, c));
  let n = i32(k);
  // in two steps, for results that are no normal numbers
  let y = (1.0 + expm1_small(r)) * power_of_two(n / 2) *
    power_of_two(n - n / 2);
  return select(y, x, is_nan(x));
}

fn expm1(x: f32) -> f32 {
  if (x < -0.5 || x > 0.5) { return exp_of(x) - 1.0; }
  return expm1_small(x);
}

fn tanh_of(x: f32) -> f32 {
  if (abs(x) < 0.7) {
    let u = x * x;
    let p = fma(fma(fma(fma(-5.0883307e-3, u, 2.0024450e-2), u,
      -5.3526007e-2), u, 0.13328415), u, -0.33333132);
    return fma(x * u, p, x);
  }
  let y = 1.0 - 2.0 / (exp_of(2.0 * min(abs(x), 20.0)) + 1.0);
  return select(sign(x) * y, x, is_nan(x));
}

fn sinh_of(x: f32) -> f32 {
  if (abs(x) < 1.0) {
    let e = expm1(x);
    return 0.5 * (e + e / (e + 1.0));
  }
  // by halves: exp(x) overflows before sinh(x) does
  let h = exp_of(0.5 * abs(x));
  return sign(x) * (0.5 * h * h - 0.5 / h / h);
}

fn cosh_of(x: f32) -> f32 {
  let h = exp_of(0.5 * abs(x));
  return 0.5 * h * h + 0.5 / h / h;
}

// exp(x * x) * erfc(x) for 0.9 <= x <= 10.5
fn erfc_scaled(x: f32) -> f32 {
  let t = 1.0 / fma(0.5, x, 1.0);
  return fma(fma(fma(fma(fma(fma(fma(fma(7.6201662e-2, t, -0.17093642), t,
    7.1475478e-3), t, 0.11784941), t, 0.15280870), t, 0.25430587), t,
    0.28078714), t, 0.28221619), t, -4.6730556e-6);
}

fn erf(x: f32) -> f32 {
  if (abs(x) < 1.0) {
    let u = x * x;
    return x * fma(fma(fma(fma(fma(fma(fma(-9.6415151e-6, u, 1.1256947e-4), u,
      -8.4828289e-4), u, 5.2209455e-3), u, -2.6865400e-2), u, 0.11283782), u,
      -0.37612638), u, 1.1283792);
  }
  let c = min(abs(x), 10.0);
  return select(sign(x) * (1.0 - exp_of(-c * c) * erfc_scaled(c)), x, is_nan(x));
}

// 1 - erf(x), without its cancellation for large x; relative error 1e-5 there
fn erfc(x: f32) -> f32 {
  if (x < 1.0) { return 1.0 - erf(x); }
  let c = min(x, 10.4); // erfc(10.4) is below the smallest f32
  return select(exp_of(-c * c) * erfc_scaled(c), x, is_nan(x));
}

fn atan_of(x: f32) -> f32 {
  let a = abs(x);
  // atan(a) = start + atan(t), |t| <= tan(pi / 8)
  var t = a;
  var start = 0.0;
  if (a > 2.4142136) {
    t = -1.0 / a;
    start = 1.5707964;
  } else if (a > 0.41421357) {
    t = (a - 1.0) / (a + 1.0);
    start = 0.78539819;
  }
  let u = t * t;
  let p = fma(fma(fma(fma(-6.0330603e-2, u, 0.10572812), u, -0.14239994), u,
    0.19998212), u, -0.33333308);
  let y = start + fma(t * u, p, t);
  return select(y, -y, x < 0.0);
}

fn atan2_of(y: f32, x: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return x + y; }
  let left = (bitcast<u32>(x) >> 31u) == 1u; // the sign of -0, too
  let below = (bitcast<u32>(y) >> 31u) == 1u;
  var angle = 0.0; // in the first quadrant
  if (is_inf(x) && is_inf(y)) { angle = 0.78539819; }
  else if (is_inf(y) || x == 0.0 && y != 0.0) { angle = 1.5707964; }
  else if (!is_inf(x) && y != 0.0) { angle = atan_of(abs(y) / abs(x)); }
  angle = select(angle, 3.1415927 - angle, left);
  return select(angle, -angle, below);
}

// asin(x) for |x| <= 1/2
fn asin_small(x: f32) -> f32 {
  let u = x * x;
  let p = fma(fma(fma(fma(fma(3.7898757e-2, u, 1.4130405e-2), u,
    3.1903137e-2), u, 4.4502813e-2), u, 7.5006053e-2), u, 0.16666657);
  return fma(x * u, p, x);
}

fn asin_of(x: f32) -> f32 {
  let a = abs(x);
  if (a <= 0.5) { return asin_small(x); }
  if (!(a <= 1.0)) { return nan(); }
  let y = 1.5707964 - 2.0 * asin_small(sqrt(0.5 - 0.5 * a));
  return select(y, -y, x < 0.0);
}

fn acos_of(x: f32) -> f32 {
  let a = abs(x);
  if (a <= 0.5) { return 1.5707964 - asin_small(x); }
  if (!(a <= 1.0)) { return nan(); }
  let y = 2.0 * asin_small(sqrt(0.5 - 0.5 * a));
  return select(y, 3.1415927 - y, x < 0.0);
}

// x - k pi / 2 in [-pi/4, pi/4], and k; Cody and Waite 1980, for |x| <= 2e4
fn quarter_turns(x: f32) -> vec2f {
  let k = round(x * 0.63661977);
  let r = fma(k, -3.1391647e-7, fma(k, -4.8351288e-4, fma(k, -1.5703125, x)));
  return vec2f(r, k);
}

// a * b + c in 64 bits: high word, low word
fn multiply_add(a: u32, b: u32, c: u32) -> vec2u {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let one = (a >> 16u) * (b & 0xffffu);
  let other = (a & 0xffffu) * (b >> 16u);
  let middle = (low >> 16u) + (one & 0xffffu) + (other & 0xffffu);
  let high = (a >> 16u) * (b >> 16u) + (one >> 16u) + (other >> 16u) +
    (middle >> 16u);
  let sum = ((middle << 16u) | (low & 0xffffu)) + c;
  return vec2u(high + select(0u, 1u, sum < c), sum);
}

// The same for large angles: the 24 bits of x times 192 bits of 2 / pi, of which
// those around the point count; Payne and Hanek 1983
fn far_quarter_turns(x: f32) -> vec2f {
  let bits = bitcast<u32>(abs(x));
  let m = (bits << 8u) | 0x80000000u;
  let a = multiply_add(0x3c439041u, m, 0u);
  let b = multiply_add(0xdb629599u, m, a.x);
  let c = multiply_add(0xf534ddc0u, m, b.x);
  let d = multiply_add(0xfc2757d1u, m, c.x);
  let e = multiply_add(0x4e441529u, m, d.x);
  let f = multiply_add(0xa2f9836eu, m, e.x);
  var words = array<u32, 7>(f.x, f.y, e.y, d.y, c.y, b.y, a.y);
  // two bits before the point, from the exponent on
  let place = (bits >> 23u) - 128u;
  let first = place >> 5u;
  let left = place & 31u;
  var high = words[first];
  var low = words[first + 1u];
  if (left > 0u) {
    high = (high << left) | (low >> (32u - left));
    low = (low << left) | (words[first + 2u] >> (32u - left));
  }
  let turns = (high >> 30u) + ((high >> 29u) & 1u); // to the nearest
  let part = f32(bitcast<i32>((high << 2u) | (low >> 30u)));
  let r = 1.5707964 * fma(f32(low << 2u), 0x1p-64f, part * 0x1p-32f);
  let sign = select(1.0, -1.0, x < 0.0);
  return vec2f(sign * r, sign * f32(turns));
}

// sin(x + turns * pi / 2)
fn sin_turned(x: f32, turns: i32) -> f32 {
  if (is_inf(x)) { return nan(); }
  var reduced = quarter_turns(x);
  if (abs(x) > 2e4) { reduced = far_quarter_turns(x); }
  let r = reduced.x;
  let k = i32(reduced.y) + turns;
  let u = r * r;
  let s = fma(r * u, fma(fma(fma(2.7242206e-6, u, -1.9840027e-4), u,
    8.3333319e-3), u, -0.16666667), r);
  let c = fma(u * u, fma(fma(fma(-2.6865234e-7, u, 2.4796795e-5), u,
    -1.388888e-3), u, 4.1666668e-2), fma(-0.5, u, 1.0));
  let y = select(s, c, (k & 1) == 1);
  return select(y, -y, (k & 2) == 2);
}

fn sin_of(x: f32) -> f32 { return sin_turned(x, 0); }
fn cos_of(x: f32) -> f32 { return sin_turned(x, 1); }
fn tan_of(x: f32) -> f32 { return sin_turned(x, 0) / sin_turned(x, 1); }

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp_of(-x)); }

// |a| to the power of b: the exponent's whole part is kept apart, so that large
// powers are as exact as small ones
fn power_of_size(a: f32, b: f32) -> f32 {
  var e = i32(bitcast<u32>(a) >> 23u) - 127;
  var m = bitcast<f32>((bitcast<u32>(a) & 0x007fffffu) | 0x3f800000u);
  if (m > 1.4142135) {
    m *= 0.5;
    e += 1;
  }
  let high = bitcast<f32>(bitcast<u32>(b) & 0xfffff000u);
  let whole = high * f32(e); // exact
  // log1p: log(m) of m near 1 keeps its relative precision
  let rest = fma(b, log1p(m - 1.0) * 1.442695, (b - high) * f32(e));
  // far beyond f32 the parts below would be off by more than they are
  let total = whole + rest;
  if (abs(total) > 512.0) { return select(0.0, infinity(), total > 0.0); }
  let n = round(total);
  let scaled = exp2((whole - n) + rest);
  // in two steps, for results below the smallest normal number or over all
  let half = clamp(i32(n) / 2, -126, 127);
  let other = clamp(i32(n) - half, -126, 127);
  return scaled * exp2(f32(half)) * exp2(f32(other));
}

fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0 || a == 1.0) { return 1.0; }
  if (is_nan(a) || is_nan(b)) { return a + b; }
  if (b == 1.0) { return a; }
  if (b == 2.0) { return a * a; }
  if (b == 3.0) { return a * a * a; }
  if (b == -1.0) { return 1.0 / a; }
  let whole = is_inf(b) || abs(b) >= 16777216.0 || trunc(b) == b;
  let odd = whole && abs(b) < 16777216.0 && (i32(b) & 1) != 0;
  let negative = (bitcast<u32>(a) >> 31u) == 1u;
  let size = abs(a);
  var y = 0.0;
  if (is_inf(b)) {
    let grows = (size > 1.0) == (b > 0.0);
    y = select(select(0.0, infinity(), grows), 1.0, size == 1.0);
  } else if (size == 0.0) {
    y = select(infinity(), 0.0, b > 0.0);
  } else if (is_inf(size)) {
    y = select(0.0, infinity(), b > 0.0);
  } else {
    if (negative && !whole) { return nan(); }
    y = power_of_size(size, clamp(b, -1e9, 1e9));
  }
  return select(y, -y, negative && odd);
}

fn power_i32(a: i32, b: i32) -> i32 {
  if (b < 0) {
    return select(select(0, 1 - 2 * (b & 1), a == -1), 1, a == 1);
  }
  var y = 1;
  var square = a;
  for (var n = b; n > 0; n >>= 1u) {
    if ((n & 1) == 1) { y *= square; }
    square *= square;
  }
  return y;
}

fn power_u32(a: u32, b: u32) -> u32 {
  var y = 1u;
  var square = a;
  for (var n = b; n > 0u; n >>= 1u) {
    if ((n & 1u) == 1u) { y *= square; }
    square *= square;
  }
  return y;
}

// a - b trunc(a / b), exactly: the built-in rounds the quotient, which costs
// large ones every digit and may turn a rest just below b into 0. Long division
// of the significands as integers, 8 bits a step. a itself for an infinite b.
fn fmod(a: f32, b: f32) -> f32 {
  let size = bitcast<u32>(a) & 0x7fffffffu;
  let by = bitcast<u32>(b) & 0x7fffffffu;
  if (size >= 0x7f800000u || by > 0x7f800000u || by == 0u) { return nan(); }
  if (size < by) { return a; }
  // those of subnormal numbers begin without the hidden bit
  let from_exponent = max(size >> 23u, 1u);
  let exponent = max(by >> 23u, 1u);
  let significand = (by & 0x7fffffu) | select(0u, 0x800000u, by >= 0x800000u);
  var rest = (size & 0x7fffffu) | select(0u, 0x800000u, size >= 0x800000u);
  rest %= significand;
  for (var places = from_exponent - exponent; places > 0u;) {
    let step = min(places, 8u);
    rest = (rest << step) % significand;
    places -= step;
  }
  let sign = bitcast<u32>(a) & 0x80000000u;
  if (rest == 0u) { return bitcast<f32>(sign); }
  let lead = countLeadingZeros(rest) - 8u;
  let whole = ((exponent - lead) << 23u) | ((rest << lead) & 0x7fffffu);
  let below = rest << (exponent - 1u);
  return bitcast<f32>(sign | select(below, whole, exponent > lead));
}

// a - b floor(a / b)
fn remainder(a: f32, b: f32) -> f32 {
  let rest = fmod(a, b);
  return select(rest, rest + b, rest != 0.0 && (rest < 0.0) != (b < 0.0));
}

// floor(a / b) by the exact remainder: the quotient alone may round up to the
// next whole number
fn floor_divide(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return a / b; }
  let rest = fmod(a, b);
  let quotient = round((a - rest) / b);
  let below = rest != 0.0 && (rest < 0.0) != (b < 0.0);
  return select(quotient, quotient - 1.0, below);
}
