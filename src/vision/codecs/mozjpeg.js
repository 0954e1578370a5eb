// @ts-self-types="./mozjpeg.d.ts"
// JavaScript, because TypeScript can't parse source phase imports yet:
// https://github.com/microsoft/TypeScript/issues/61216
import source module from "npm:@jsquash/jpeg@1.6.0/codec/enc/mozjpeg_enc.wasm";
import encode, { init } from "npm:@jsquash/jpeg@1.6.0/encode.js";

await init(module); // which otherwise fetches it
export { encode };
