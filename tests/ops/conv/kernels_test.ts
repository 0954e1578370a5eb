import { assertEquals } from "@std/assert";
import type { AdapterClass } from "../../../src/gpu/device.ts";
import type { Bindable, Plan } from "../../../src/gpu/plan.ts";
import { COPY_LIMIT } from "../../../src/ops/conv/copies.ts";
import {
  type ConvCase,
  forwardGather,
  inputGather,
} from "../../../src/ops/conv/gather.ts";
import {
  chooseGather,
  planGather,
  runOf,
} from "../../../src/ops/conv/kernels.ts";
import {
  chooseWeight,
  planWeight,
} from "../../../src/ops/conv/weight_kernels.ts";

// 64 images, 32 to 64 channels of 14 x 14, 3 x 3 taps, padding 1.
const CONV: ConvCase = {
  images: 64,
  groups: 1,
  channels: 32,
  outputs: 64,
  input: [14, 14],
  output: [14, 14],
  kernel: [3, 3],
  stride: [1, 1],
  padding: [1, 1],
  dilation: [1, 1],
};

// A buffer that nobody may look into.
const nothing: Bindable = {
  get buffer(): never {
    throw new Error("a plan must not look into its buffers");
  },
};

function forward(conv: ConvCase, adapter: AdapterClass): Plan[] {
  const buffers = {
    x: nothing,
    xOffset: 0,
    w: nothing,
    wOffset: 0,
    y: nothing,
  };
  return planGather(forwardGather(conv), buffers, () => nothing, adapter);
}

function weight(conv: ConvCase, adapter: AdapterClass): Plan[] {
  const buffers = {
    x: nothing,
    xOffset: 0,
    dy: nothing,
    dyOffset: 0,
    dw: nothing,
  };
  return planWeight(conv, buffers, () => nothing, adapter);
}

const namesOf = (plans: readonly Plan[]) => plans.map((plan) => plan.name);

Deno.test("chooseGather() and chooseWeight() have a kernel for every convolution", () => {
  const strided = { ...CONV, stride: [2, 2], output: [7, 7] } as const;
  const pointwise = { ...CONV, kernel: [1, 1], padding: [0, 0] } as const;
  const depthwise = { ...CONV, groups: 32, channels: 1, outputs: 1 };
  const wide = { ...CONV, kernel: [7, 7], padding: [3, 3] } as const;
  const tiny = { ...CONV, input: [4, 4], output: [4, 4] } as const;
  const lean = { channels: 4, outputs: 4 };
  const rows = [
    ["plain", CONV, "units", "units", "rows"],
    ["strided", strided, "columns", "columns", "columns"],
    ["dilated", { ...CONV, dilation: [2, 2] }, ...Array(3).fill("columns")],
    ["pointwise", pointwise, "columns", "columns", "columns"],
    ["depthwise", depthwise, ...Array(3).fill("depthwise")],
    [
      "depthwise, dilated",
      { ...depthwise, dilation: [2, 2] },
      "plane",
      "plane",
      "window",
    ],
    ["lean", { ...strided, ...lean }, "window", "window", "window"],
    ["wide", wide, "window", "window", "columns"],
    ["tiny, few channels", tiny, "columns", "units", "columns"],
    ["tiny", { ...tiny, channels: 64 }, ...Array(3).fill("columns")],
    ["one channel", { ...CONV, channels: 1 }, "depthwise", "columns", "rows"],
    ["one output", { ...CONV, outputs: 1 }, "plane", "depthwise", "rows"],
  ] as const;
  for (const [name, conv, ...expected] of rows) {
    const chosen = [
      chooseGather(forwardGather(conv), "cpu"),
      chooseGather(inputGather(conv), "cpu"),
      chooseWeight(conv, "cpu"),
    ];
    assertEquals([name, ...chosen], [name, ...expected]);
  }
  for (const conv of [CONV, strided, wide, { ...CONV, channels: 1 }]) {
    assertEquals(chooseGather(forwardGather(conv), "gpu"), "gemm");
    assertEquals(chooseGather(inputGather(conv), "gpu"), "gemm");
    assertEquals(chooseWeight(conv, "gpu"), "gemm");
  }
  for (
    const [conv, kernel] of [[depthwise, "depthwise"], [
      pointwise,
      "columns",
    ]] as const
  ) {
    assertEquals(chooseGather(forwardGather(conv), "gpu"), kernel);
    assertEquals(chooseWeight(conv, "gpu"), kernel);
  }
});

Deno.test("planGather() copies weights and input, then convolves, on CPUs", () => {
  assertEquals(namesOf(forward(CONV, "cpu")), [
    "conv_pack_weights",
    "conv_tile_input",
    "conv_units",
  ]);
  assertEquals(namesOf(forward(CONV, "gpu")), ["conv_gemm"]);
});

Deno.test("planGather() has one pipeline for every shape of a filter", () => {
  const constsOf = (conv: ConvCase) =>
    forward(conv, "cpu").map((plan) => plan.consts);
  const larger: ConvCase = {
    ...CONV,
    images: 8,
    channels: 64,
    input: [56, 56],
    output: [56, 56],
  };
  assertEquals(constsOf(CONV), constsOf(larger));
});

Deno.test("runOf() wastes as few columns as it can", () => {
  const runs = [1, 7, 8, 9, 10, 14, 15, 16, 24, 26, 28, 56, 112].map(runOf);
  assertEquals(runs, [8, 8, 8, 14, 14, 14, 8, 8, 14, 14, 14, 14, 14]);
});

Deno.test("planGather() and planWeight() take batches whose copies are too large in parts", () => {
  // one image's copy: 32 channels of 16 rows of a segment of 16 floats
  const perImage = 32 * 16 * 16;
  const images = 3 * Math.floor(COPY_LIMIT / perImage) - 1;
  const names = namesOf(forward({ ...CONV, images }, "cpu"));
  assertEquals(names, [
    "conv_pack_weights",
    ...Array(3).fill(["conv_tile_input", "conv_units"]).flat(),
  ]);
  // more rows of dy than fit, too
  const parts = namesOf(weight({ ...CONV, images }, "cpu"))
    .filter((name) => name === "conv_dw_rows").length;
  assertEquals(parts > 1, true);
});

Deno.test("planWeight() copies dy only where its rows are no whole vec4", () => {
  assertEquals(namesOf(weight(CONV, "cpu")), [
    "conv_tile_input",
    "conv_tile_input",
    "conv_dw_rows",
  ]);
  const aligned: ConvCase = { ...CONV, input: [16, 16], output: [16, 16] };
  assertEquals(namesOf(weight(aligned, "cpu")), [
    "conv_tile_input",
    "conv_dw_rows",
  ]);
});

Deno.test("planWeight() splits the batch where there are few weights", () => {
  const few: ConvCase = { ...CONV, channels: 2, outputs: 8 };
  const [, , rows, finish] = weight(few, "cpu");
  // one tile of 8 outputs: as many parts as images
  assertEquals([rows!.name, rows!.groups], ["conv_dw_rows", [8, 1, 1]]);
  assertEquals(finish!.name, "matmul_finish");
});

Deno.test("planGather() has nothing to do for an empty batch", () => {
  assertEquals(forward({ ...CONV, images: 0 }, "cpu"), []);
  assertEquals(forward({ ...CONV, images: 0 }, "gpu"), []);
});
