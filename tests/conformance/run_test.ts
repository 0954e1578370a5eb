import { assertEquals } from "@std/assert";
import { encodeSafetensors } from "../../src/io/safetensors.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { runCases } from "./folder.ts";
import { runCategory } from "./run.ts";

const floats = (...values: number[]): HostArray =>
  new HostArray(Float32Array.from(values));
const matrix = (rows: number, columns: number, ...values: number[]) =>
  new HostArray(Float32Array.from(values), [rows, columns]);

const X = matrix(2, 3, 1, 2, 3, 4, 5, 6);
const SUM = {
  op: "torch.sum",
  inputs: { input: "x" },
  outputs: { output: "sum" },
};

Deno.test("runCategory() refuses to leave out what it does not know", async () => {
  const outcomes = await runCases("tensor", [
    SUM,
    { ...SUM, kwargs: { magic: 1 } },
    { ...SUM, kwargs: { dim: null, keepdim: false, dtype: null } },
    { ...SUM, inputs: { input: "x", other: "x" } },
    { ...SUM, expect: { layout: "strided" } },
    { ...SUM, seed: 1 },
    { ...SUM, views: { input: [{ op: "flip", dims: [0] }] } },
    { ...SUM, op: "torch.no_such_call" },
  ], { x: X, sum: new HostArray(Float32Array.of(21), []) });
  assertEquals(outcomes, [
    "passed",
    "unsupported: with magic",
    "passed",
    "unsupported: with other",
    "unsupported: expect.layout",
    "unsupported: with seed",
    'unsupported: views by {"op":"flip","dims":[0]}',
    "unsupported: no torch.no_such_call",
  ]);
});

Deno.test("runCategory() applies views to every input, also of lists", async () => {
  const transposed = [{ op: "permute", dims: [1, 0] }];
  const outcomes = await runCases("tensor", [{
    op: "torch.cat",
    kwargs: { dim: -1 },
    inputs: { "tensors.0": "x", "tensors.1": "row" },
    views: {
      "tensors.0": [
        ...transposed,
        { op: "slice", dim: 0, start: 1, stop: null, step: null },
      ],
      "tensors.1": [{ op: "expand", size: [2, 2] }],
    },
    outputs: { output: "joined" },
    cotangents: { output: "ct" },
    grads: { "tensors.0": "grad", "tensors.1": "gradRow" },
  }], {
    x: X,
    row: matrix(1, 2, 7, 8),
    joined: matrix(2, 4, 2, 5, 7, 8, 3, 6, 7, 8),
    ct: matrix(2, 4, 1, 2, 3, 4, 5, 6, 7, 8),
    grad: matrix(2, 3, 0, 1, 5, 0, 2, 6),
    gradRow: matrix(1, 2, 10, 12),
  });
  assertEquals(outcomes, ["passed"]);
});

Deno.test("runCategory() sends cotangents into several outputs at once", async () => {
  const outcomes = await runCases("tensor", [{
    op: "torch.max",
    kwargs: { dim: 1 },
    inputs: { input: "x" },
    outputs: { values: "values", indices: "indices" },
    cotangents: { values: "ct" },
    grads: { input: "grad" },
  }, {
    op: "torch.unbind",
    inputs: { input: "x" },
    outputs: { "output.0": "row0", "output.1": "row1" },
    cotangents: { "output.0": "row0", "output.1": "row0" },
    grads: { input: "gradUnbind" },
  }, {
    op: "torch.unbind",
    inputs: { input: "x" },
    outputs: { "output.0": "row0" },
  }], {
    x: X,
    values: floats(3, 6),
    indices: new HostArray(Int32Array.of(2, 2)),
    ct: floats(10, 20),
    grad: matrix(2, 3, 0, 0, 10, 0, 0, 20),
    row0: floats(1, 2, 3),
    row1: floats(4, 5, 6),
    gradUnbind: matrix(2, 3, 1, 2, 3, 1, 2, 3),
  });
  assertEquals(outcomes, [
    "passed",
    "passed",
    "FAILED: output.1: torch gives none",
  ]);
});

Deno.test("runCategory() makes inputs by the hash rule, whole numbers too", async () => {
  const outcomes = await runCases("long", [{
    op: "torch.gather",
    kwargs: { dim: 0 },
    generated: {
      input: { salt: 1, tensor_index: 0, shape: [4], lo: 2, hi: 2 },
      index: {
        salt: 1,
        tensor_index: 1,
        shape: [3],
        lo: 0,
        hi: 4,
        dtype: "int64",
      },
    },
    outputs: { output: "first", "output.mean": "mean" },
    samples: { output: [0] },
    output_shapes: { output: [3] },
  }], { first: floats(2), mean: new HostArray(Float32Array.of(2), []) });
  assertEquals(outcomes, ["passed"]);
});

Deno.test("runCategory() reads infinities, {u8, f32} and numbers for lists", async () => {
  const bytes = new HostArray(Uint8Array.of(0, 200), [1, 1, 2]);
  const outcomes = await runCases("transforms", [{
    op: "torchvision.transforms.functional.solarize",
    kwargs: { threshold: { u8: 128, f32: 0.5 } },
    inputs: { img: "bytes" },
    outputs: { output: "solarized" },
  }, {
    op: "torch.linalg.vector_norm",
    kwargs: { ord: "-inf" },
    inputs: { x: "x" },
    outputs: { output: "least" },
  }, {
    op: "torch.flip",
    kwargs: { dims: -1 },
    inputs: { input: "x" },
    outputs: { output: "flipped" },
  }], {
    bytes,
    solarized: new HostArray(Uint8Array.of(0, 55), [1, 1, 2]),
    x: X,
    least: new HostArray(Float32Array.of(1), []),
    flipped: matrix(2, 3, 3, 2, 1, 6, 5, 4),
  });
  assertEquals(outcomes, ["passed", "passed", "passed"]);
});

Deno.test("runCategory() gives modules their parameters, buffers and mode", async () => {
  const norm = {
    op: "torch.nn.BatchNorm1d",
    kwargs: { num_features: 2, momentum: null, affine: false, mode: "train" },
    inputs: { input: "x", "buffer.running_mean": "mean" },
    outputs: { "buffer.running_mean": "after" },
    expect: {
      state_dict: [
        ["running_mean", [2], "float32"],
        ["running_var", [2], "float32"],
        ["num_batches_tracked", [], "int64"],
      ],
    },
  };
  const outcomes = await runCases("more_nn", [
    norm,
    { ...norm, kwargs: { ...norm.kwargs, mode: "eval" } },
    { ...norm, expect: { state_dict: [] } },
    {
      op: "torch.nn.Linear",
      kwargs: { in_features: 2, out_features: 1 },
      inputs: { input: "x" },
    },
    {
      op: "torch.nn.Dropout",
      inputs: { input: "x" },
      outputs: { output: "x" },
    },
    {
      op: "torch.nn.Dropout",
      kwargs: { mode: "eval", inplace: true },
      inputs: { input: "x" },
      outputs: { output: "x" },
    },
  ], { x: matrix(2, 2, 1, 2, 3, 6), mean: floats(9, 9), after: floats(2, 4) });
  assertEquals(outcomes, [
    "passed", // null is the plain mean over all batches
    "FAILED: buffer.running_mean[0]: got 9, want 2, off by 7, allowed 0 " +
    "(2 of 2 wrong)",
    "FAILED: state_dict: got 3 items, want 0",
    "unsupported: without param.weight",
    "unsupported: a random result",
    "passed",
  ]);
});

Deno.test("runCategory() collates nested samples by the paths of their inputs", async () => {
  const scalar = (value: number) => new HostArray(Float32Array.of(value), []);
  const nested = {
    op: "torch.utils.data.default_collate",
    kwargs: { batch: [[null, { label: 1 }], [null, { label: 2 }]] },
    inputs: { "batch.0.0": "a", "batch.1.0": "b" },
    outputs: { "output.0": "ab", "output.1.label": "labels" },
  };
  const plain = {
    op: "torch.utils.data.default_collate",
    kwargs: { batch: [[1, 0.5, "x"], [2, 1.5, "y"]] },
    expect: {
      collated: [[1, 2], [0.5, 1.5], ["x", "y"]],
      dtypes: ["int64", "float64", "str"],
    },
  };
  const outcomes = await runCases("data", [
    nested,
    { ...nested, outputs: { "output.0": "ab" } },
    plain,
    { ...plain, expect: { ...plain.expect, collated: [[1, 2]] } },
    { ...plain, kwargs: { batch: [[1], [2, 3]] }, expect: { error: "any" } },
  ], {
    a: scalar(3),
    b: scalar(4),
    ab: floats(3, 4),
    labels: new HostArray(Int32Array.of(1, 2)),
  });
  assertEquals(outcomes, [
    "passed",
    "FAILED: output.1.label: torch gives none",
    "passed",
    "FAILED: collated: got 3 items, want 1",
    "passed",
  ]);
});

Deno.test("runCategory() evaluates formulas of schedulers", async () => {
  const halving = {
    op: "torch.optim.lr_scheduler.LambdaLR",
    optimizer: { name: "SGD", lr: 1 },
    steps: 2,
    expect: { lr: [1, 0.5, 0.25] },
  };
  const outcomes = await runCases("schedulers", [
    { ...halving, formula: "0.5 ** epoch" },
    { ...halving, formula: "lambda e: 1 / 2 ** e if e > 0 else 1" },
    {
      ...halving,
      formula: "0.5 to the power of the epoch, times the initial rate",
    },
    { ...halving, formula: "half as much each time" },
    halving,
    { ...halving, formula: "0.5 ** x", expect: { lr: [1], rate: 3 } },
  ]);
  assertEquals(outcomes, [
    "passed",
    "passed",
    "passed",
    'unsupported: the syntax of a program at "as"',
    "unsupported: without a formula",
    "unsupported: expect.rate",
  ]);
});

Deno.test("runCategory() tells floats from integers by how they are written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const full = (id: string, value: string) =>
      `{"id": "${id}", "op": "torch.full", "atol": 0, "rtol": 0,
        "kwargs": {"size": [2], "fill_value": ${value}},
        "outputs": {"output": "floats"}}`;
    const mul = `{"id": "mul", "op": "torch.mul", "atol": 0, "rtol": 0,
      "kwargs": {"other": 2.0}, "inputs": {"input": "ints"},
      "outputs": {"output": "floats"}}`;
    const cases = [full("float", "3.0"), full("integer", "3"), mul];
    await Deno.writeTextFile(
      `${folder}/tensor.json`,
      `{"cases": [${cases.join()}]}`,
    );
    await Deno.writeFile(
      `${folder}/tensor.safetensors`,
      encodeSafetensors(
        new Map([
          ["floats", floats(3, 3)],
          ["ints", new HostArray(Int32Array.of(1, 2))],
        ]),
      ),
    );
    const results = await runCategory(folder, "tensor");
    assertEquals(results.map(({ outcome }) => outcome), [
      { kind: "passed" },
      {
        kind: "failed",
        message: "output: got type int32, want float32",
      },
      { kind: "unsupported", reason: "other = 2.0 beside integers" },
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
