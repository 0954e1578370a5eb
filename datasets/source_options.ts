/**
 * The options that datasets with published files have in common.
 *
 * @module
 */

import { cacheFolder } from "../src/cache_folder.ts";
import { checkOptionNames } from "../src/tensor/arguments.ts";
import { checkFlags, joinPath } from "./_shared.ts";
import type { DownloadOptions } from "./download/download.ts";
import {
  type AnyTransforms,
  checkTransforms,
  TRANSFORM_OPTIONS,
} from "./samples/transforms.ts";

/** Which split of a published dataset to open, and how to get its files. */
export interface SourceOptions {
  /** The training images, or the test images. Default: true. */
  readonly train?: boolean;
  /** Folder of datasets. Default: `datasets` in the cache folder. */
  readonly root?: string;
  /** URLs of folders that hold the files, instead of the usual ones. */
  readonly mirrors?: readonly string[];
  /**
   * Whether to download what is missing or does not match its checksum. With
   * false the files in `root` are taken as they are. Default: true.
   */
  readonly download?: boolean;
  /** As in `download`. Default: true. */
  readonly progress?: DownloadOptions["progress"];
  /** Stops a download; what has arrived is kept for the next one. */
  readonly signal?: AbortSignal;
}

/** Names of the options of a dataset with published files. */
const SOURCE_OPTIONS = [
  "train",
  "root",
  "mirrors",
  "download",
  "progress",
  "signal",
  ...TRANSFORM_OPTIONS,
];

/**
 * Checks what the dataset `name` is to be opened with.
 *
 * @throws {TypeError} If there is no such option, or it is of another type
 */
export function checkSourceOptions(
  name: string,
  options: SourceOptions & AnyTransforms,
): void {
  checkOptionNames(name, options, SOURCE_OPTIONS);
  const { train, download } = options;
  checkFlags(name, { train, download });
  checkTransforms(name, options);
}

/** How the files of a dataset are to be fetched, where options do not say. */
export function fetchOptions(
  source: { readonly mirrors: readonly string[] },
  { mirrors = source.mirrors, progress = true, signal }: SourceOptions,
): Pick<DownloadOptions, "mirrors" | "progress" | "signal"> {
  return { mirrors, progress, signal };
}

/**
 * The folder of datasets.
 *
 * @throws As `cacheFolder` does, where there is no `root`
 */
export function datasetsFolder(root: string | undefined): string {
  return root ?? joinPath(cacheFolder(), "datasets");
}
