// @ts-self-types="./turbo_module.d.ts"
// JavaScript, because TypeScript can't parse source phase imports yet:
// https://github.com/microsoft/TypeScript/issues/61216
import source module from "npm:@cwasm/jpeg-turbo@0.1.3/jpeg-turbo.wasm";
export default module;
