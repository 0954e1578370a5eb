import * as create from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { testUnknownOptions } from "../unknown_options.ts";

testUnknownOptions([
  ["tensor", (options) => create.tensor([1], options)],
  [
    "fromHost",
    (options) => create.fromHost(new HostArray(new Float32Array(1)), options),
  ],
  ["a new tensor", (options) => create.full([2], 1, options)],
  ["a new tensor", (options) => create.zeros([2], options)],
  ["a new tensor", (options) => create.ones([2], options)],
  ["arange", (options) => create.arange(3, undefined, 1, options)],
  ["eye", (options) => create.eye(2, 2, options)],
  ["linspace", (options) => create.linspace(0, 1, 3, options)],
]);
