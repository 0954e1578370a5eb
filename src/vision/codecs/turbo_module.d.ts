/**
 * libjpeg-turbo's decoder, compiled to WebAssembly.
 *
 * @module
 */

declare const module: WebAssembly.Module;
export default module;
