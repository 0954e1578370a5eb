/**
 * The namespace `vision`: transforms and models of images.
 *
 * @module
 */

export * as models from "./models/mod.ts";
export * as transforms from "./transforms.ts";
