/**
 * Random tensors, drawn on the GPU. A seed gives the same numbers on every device,
 * and a kernel's only state is a seed and a first block (NOTE [random counter] in
 * src/tensor/philox.ts).
 *
 * @module
 */

import { loop, passesOf } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { f32Bits, foldGroups, type Plan } from "../../gpu/plan.ts";
import { recorder } from "../../gpu/recorder.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import { fromHost, type TensorOptions } from "../../tensor/create.ts";
import {
  checkDType,
  type DType,
  fit,
  isFloat,
  RANGES,
} from "../../tensor/dtype.ts";
import { defaultGenerator, Generator } from "../../tensor/generator.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { isRowMajor, rowMajor } from "../../tensor/layout.ts";
import { ROUNDS } from "../../tensor/philox.ts";
import { checkShape, type Shape } from "../../tensor/shape.ts";
import { emptyTensor, Tensor } from "../../tensor/tensor.ts";
import {
  type Draw,
  drawFrom,
  drawWords,
  liveDraw,
  type RandomSource,
  reserveDraw,
  SOURCE_OPTIONS,
} from "./draw.ts";
import { type Launch, launch } from "../launch/launch.ts";
import { assign } from "../movement/movement.ts";
import { WORDS } from "../words.ts";

import philoxLib from "../../../shaders/lib/philox.wgsl" with { type: "text" };
import drawSource from "../../../shaders/random/draw.wgsl" with {
  type: "text",
};

/** Options of functions that return random tensors. */
export interface RandomOptions extends TensorOptions, RandomSource {}

const OPTIONS = ["dtype", "requiresGrad", ...SOURCE_OPTIONS];

/** WGSL of each distribution, of `words` and the numbers `a`, `b` in `params`. */
const DISTRIBUTIONS = {
  uniform: {
    type: "f32",
    wgsl: "uniforms(words)",
  },
  uniformBetween: {
    type: "f32",
    wgsl: "bitcast<f32>(params.a) + uniforms(words) * bitcast<f32>(params.b)",
  },
  normal: {
    type: "f32",
    wgsl: "bitcast<f32>(params.a) + normals(words) * bitcast<f32>(params.b)",
  },
  bernoulli: {
    type: "u32",
    wgsl: "select(vec4u(0u), vec4u(1u), " +
      "uniforms(words) < vec4f(bitcast<f32>(params.a)))",
  },
  integers: {
    type: "u32",
    wgsl: "integers(words, params.b) + vec4u(params.a)",
  },
} as const;

type Distribution = keyof typeof DISTRIBUTIONS;

const GROUP = 64;

// Plans a draw into a row-major tensor.
function planDraw(
  name: Distribution,
  out: Tensor,
  draw: Draw,
  a: number,
  b: number,
): Plan {
  const { type, wgsl } = DISTRIBUTIONS[name];
  const { word, quad, packed } = WORDS[out.dtype];
  const { size, layout } = out;
  // the kernel may write whole quads, the last of which may pass the size
  const isWide = layout.offset % 4 === 0 &&
    (size % 4 === 0 ||
      layout.offset + size >= out.storage.bytes / out.bytesPerElement);
  const lanes = type === "f32" ? "vec4f" : "vec4u";
  const value = packed ? "pack4xU8(vec4u(v))" : `${quad}(v)`;
  const store = isWide
    ? `out[params.offset + q] = ${value};`
    : `for (var k = 0u; k < min(params.size - 4u * q, 4u); k++) {
    out[params.offset + 4u * q + k] = ${word}(v[k]);
  }`;
  return {
    name: `draw_${name}`,
    source: drawSource,
    header: `${philoxLib}
alias W = ${isWide ? quad : word};
fn numbers(words: vec4u) -> ${lanes} { return ${wgsl}; }
fn store(q: u32, numbers: ${lanes}) {
  var v = numbers;
  ${store}
}
`,
    buffers: [out.storage],
    params: pack(philoxLib + drawSource, {
      draw: drawWords(draw),
      size,
      offset: isWide ? layout.offset / 4 : layout.offset,
      a,
      b,
    }),
    live: liveDraw(draw),
    groups: foldGroups(Math.ceil(size / 4 / GROUP)),
    loops: passesOf(loop(ROUNDS), loop(4)),
  };
}

interface Drawing {
  readonly name: Distribution;
  readonly draw: Draw;
  readonly a: number;
  readonly b: number;
}

// Draws into tensors of one dim: an element's index determines its block.
const DRAWING: Launch<Drawing> = {
  name: "draw",
  kernel: (_, [out], { name, draw, a, b }) => planDraw(name, out, draw, a, b),
  axes: () => [{
    dims: [0],
    cut: (part, start) => ({
      ...part,
      params: { ...part.params, draw: drawFrom(part.params.draw, start) },
    }),
  }],
};

function fillDrawn(target: Tensor, params: Drawing): void {
  const { storage, layout, dtype, size } = target; // row-major
  using flat = new Tensor(
    storage,
    rowMajor([size], layout.offset),
    dtype,
    "draw",
  );
  launch(DRAWING, [], [flat], params);
}

// Draws into any layout; other than row-major ones get a copy.
function drawInto(
  target: Tensor,
  name: Distribution,
  source: RandomSource,
  a = 0,
  b = 0,
): Tensor {
  const draw = reserveDraw(target.size, source);
  const isDirect = isRowMajor(target.layout) &&
    (!WORDS[target.dtype].packed || target.layout.offset === 0);
  if (isDirect) {
    fillDrawn(target, { name, draw, a, b });
    target.storage.version++;
  } else {
    const drawn = emptyTensor(target.shape, target.dtype, name);
    fillDrawn(drawn, { name, draw, a, b });
    assign(target, drawn);
    drawn.dispose();
  }
  return target;
}

function make(
  op: string,
  shape: Shape,
  dtype: DType,
  options: RandomOptions,
  name: Distribution,
  a?: number,
  b?: number,
): Tensor {
  const checked = checkShape(`${op} a tensor`, shape);
  checkOptionNames(op, options, OPTIONS);
  const made = emptyTensor(checked, dtype, op);
  drawInto(made, name, options, a, b);
  return options.requiresGrad ? made.requiresGrad_() : made;
}

function floatType(op: string, { dtype = "float32" }: TensorOptions): DType {
  if (!isFloat(checkDType(op, dtype))) {
    throw new TypeError(
      `Cannot ${op} a tensor of type ${dtype}: expected a float type`,
    );
  }
  return dtype;
}

/**
 * Returns uniform numbers in [0, 1), multiples of 2^-24. Default type: float32.
 *
 * Source: torch.rand, with other bits.
 *
 * @throws {TypeError} If the type is not a float type
 *
 * @example The same seed, the same numbers
 * ```ts
 * import { rand } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = [rand([3], { seed: 7 }), rand([3], { seed: 7 })];
 * assertEquals(await a.data(), await b.data());
 * ```
 */
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  return make("rand", shape, floatType("rand", options), options, "uniform");
}

/**
 * Returns normal numbers of mean 0 and variance 1. Default type: float32.
 *
 * Source: torch.randn, with other bits.
 *
 * @throws {TypeError} If the type is not a float type
 */
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  const dtype = floatType("randn", options);
  return make("randn", shape, dtype, options, "normal", 0, f32Bits(1));
}

/**
 * Returns integers from `low` to `high` (exclusive). Default type: int32. The
 * probabilities of n integers differ by n / 2^32 at most.
 *
 * Source: torch.randint, with other bits.
 *
 * @throws {RangeError} If the range is empty, or the type cannot hold it
 */
export function randint(
  low: number,
  high: number,
  shape: Shape,
  options: RandomOptions = {},
): Tensor {
  const { dtype = "int32" } = options;
  const isValid = Number.isInteger(low) && Number.isInteger(high) &&
    low < high && high - low < 2 ** 32;
  const [least, most] = RANGES[checkDType("randint", dtype)] ?? [0, -1];
  if (!isValid || low < least || high - 1 > most) {
    throw new RangeError(
      `Cannot randint from ${low} to ${high} in ${dtype}: expected integers ` +
        `that the type holds, low less than high`,
    );
  }
  const words: [number, number] = [low >>> 0, high - low];
  return make("randint", shape, dtype, options, "integers", ...words);
}

/**
 * Returns the integers from 0 to n - 1 in random order; all orders are equally
 * likely. Default type: int32. The host shuffles, because a shuffle is sequential.
 *
 * Source: torch.randperm, with other bits.
 *
 * @throws {RangeError} If `n` is not a non-negative integer
 */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  checkOptionNames("randperm", options, OPTIONS);
  checkShape("randperm a tensor", [n]);
  recorder()?.refuse("draw an order on the host (randperm)");
  const { seed, generator = defaultGenerator(), ...rest } = options;
  const from = seed === undefined ? generator : new Generator(seed);
  const order = new HostArray(from.permutation(n), [n], "uint32");
  return fromHost(order, { dtype: "int32", ...rest });
}

/**
 * Returns 1 with the probability at the same index, else 0, in the type of the
 * probabilities.
 *
 * Source: torch.bernoulli, with other bits.
 *
 * @throws {TypeError} If the probabilities are not floats
 */
export function bernoulli(
  probabilities: Tensor,
  source: RandomSource = {},
): Tensor {
  floatType("bernoulli", probabilities);
  const { seed, generator } = checkOptionNames(
    "bernoulli",
    source,
    SOURCE_OPTIONS,
  );
  const u = rand(probabilities.shape, { seed, generator });
  return u.lt(probabilities.detach()).to(probabilities.dtype);
}

function checkTarget(op: string, target: Tensor, source: RandomSource): void {
  checkOptionNames(op, source, SOURCE_OPTIONS);
  if (!target.isLeaf) {
    throw new TypeError(
      `Cannot ${op} ${target.describe()}: gradients flow through this computed ` +
        `tensor (detach it first)`,
    );
  }
}

/**
 * Overwrites a tensor with uniform numbers from `low` to `high`.
 *
 * Source: torch.Tensor.uniform_.
 *
 * @throws {TypeError} If the tensor is not of floats, or is part of a graph
 * @throws {RangeError} If `low` is larger than `high`, or the type cannot hold
 * the bounds or their difference
 */
export function uniform_(
  target: Tensor,
  low = 0,
  high = 1,
  source: RandomSource = {},
): Tensor {
  floatType("uniform_", target);
  checkTarget("uniform_", target, source);
  if (!(low <= high && high - low < Infinity)) {
    throw new RangeError(
      `Cannot draw from ${low} to ${high}: expected finite numbers, the first ` +
        `one smaller`,
    );
  }
  for (const value of [low, high, high - low]) {
    fit("uniform_", value, target.dtype);
  }
  const bits = [f32Bits(low), f32Bits(high - low)] as const;
  return drawInto(target, "uniformBetween", source, ...bits);
}

/**
 * Overwrites a tensor with normal numbers.
 *
 * Source: torch.Tensor.normal_.
 *
 * @throws {TypeError} If the tensor is not of floats, or is part of a graph
 * @throws {RangeError} If `std` is negative
 */
export function normal_(
  target: Tensor,
  mean = 0,
  std = 1,
  source: RandomSource = {},
): Tensor {
  floatType("normal_", target);
  checkTarget("normal_", target, source);
  if (!(std >= 0)) {
    throw new RangeError(
      `Cannot draw with a standard deviation of ${std}: expected at least 0`,
    );
  }
  return drawInto(target, "normal", source, f32Bits(mean), f32Bits(std));
}

/**
 * Overwrites a tensor of any type with 1 (with probability `p`) and 0.
 *
 * Source: torch.Tensor.bernoulli_.
 *
 * @throws {TypeError} If the tensor is part of a graph
 * @throws {RangeError} If `p` is not in [0, 1]
 */
export function bernoulli_(
  target: Tensor,
  p = 0.5,
  source: RandomSource = {},
): Tensor {
  checkTarget("bernoulli_", target, source);
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(`Cannot draw with probability ${p}: expected 0 to 1`);
  }
  return drawInto(target, "bernoulli", source, f32Bits(p));
}
