/**
 * The namespace `vision`: images, transforms and models of images.
 *
 * @module
 */

export { type Channels, Image } from "./image.ts";
export * as models from "./models/mod.ts";
export * as transforms from "./transforms.ts";
