// @ts-self-types="./lodepng_module.d.ts"
// JavaScript, because TypeScript can't parse source phase imports yet:
// https://github.com/microsoft/TypeScript/issues/61216
import source module from "npm:@cwasm/lodepng@0.1.9/lodepng.wasm";
export default module;
