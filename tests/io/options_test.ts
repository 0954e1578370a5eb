import { load } from "../../src/io/checkpoint.ts";
import { testUnknownOptions } from "../unknown_options.ts";

testUnknownOptions([
  ["load", (options) => load("nowhere.safetensors", {}, options)],
]);
