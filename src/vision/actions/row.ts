/**
 * The form of a row in the table of actions.
 *
 * A method of a row takes the action of its own row: the row annotates it. The
 * table knows rows by the type of all actions, which TypeScript permits for
 * methods, so that callers need no cast.
 *
 * @module
 */

import type { Action, ActionName, Extent, ImageDType } from "./action.ts";
import type { Pixels } from "./pixels.ts";

/** Facts and rules that both kinds of rows have. */
interface CommonRow {
  /** The action in messages: "Cannot VERB an image of …". */
  readonly verb: string;
  /** Numbers of channels that the action takes; any by default. */
  readonly channels?: readonly number[];
  /** The type that the action takes; both by default. */
  readonly dtype?: ImageDType;
  /** Whether pixels move: masks and boxes move with them. */
  readonly moves?: true;
  /** Whether the action makes floats of bytes, or takes floats only. */
  readonly floats?: true;
  /** Whether `value` and `wgsl` use the mean grey of the image before. */
  readonly usesMean?: true;
  /**
   * The change of a pixel on the GPU, `value: vec4f`, as a WGSL expression. It
   * may use functions of images.wgsl and these names: `bound`, 255 for bytes and
   * 1 for floats; the numbers `a` and `b`; the vectors `vector_at(at + P)` and
   * `vector_at(at + Q)`; the mean grey `mean`.
   */
  readonly wgsl?: string;
  /** Constant that compiles a long expression in, where a batch needs it. */
  readonly constant?: string;
  /**
   * Throws if the image does not suit the numbers of the action. Its type and
   * channels were checked. Messages begin with `what`.
   */
  check?(action: Action, extent: Extent, what: string): void;
  /** Returns the extent after the action; by default it stays the same. */
  result?(action: Action, extent: Extent): Extent;
  /** Returns the action for one channel alone; by default the action itself. */
  ofChannel?(action: Action, channel: number): Action;
  /**
   * Returns the numbers of `wgsl`, in the order a, b, P (4) and Q (4), by default
   * none. The result is undefined if the action does not change such images.
   */
  numbers?(action: Action, extent: ValueExtent): readonly number[] | undefined;
}

/** Type and channels of an image. */
export type ValueExtent = Pick<Extent, "dtype" | "channels">;

/** Image and channel that a function of single values is made for. */
export interface ValueContext {
  readonly dtype: ImageDType;
  readonly channel: number;
  /** Mean grey of the image; 0 unless the row has `usesMean`. */
  readonly mean: number;
}

/** Change of a single value. */
export type ValueFunction = (value: number) => number;

/**
 * An action whose result at a channel of a pixel depends on that value alone,
 * and perhaps on the mean. On bytes such actions become one table of 256
 * values.
 */
export interface ValueRow extends CommonRow {
  /** Returns the change of the values of a channel, on the host. */
  value(action: Action, context: ValueContext): ValueFunction;
  readonly host?: undefined;
}

/** An action that reads several values, or moves them. */
export interface ImageRow extends CommonRow {
  /** Returns the changed image, on the host; the source stays as it is. */
  host(pixels: Pixels, action: Action): Pixels;
  readonly value?: undefined;
}

/** Row of the table of actions. */
export type ActionRow = ValueRow | ImageRow;

/** Rows by the names of their actions. */
export type ActionRows<Name extends ActionName> = Readonly<
  Record<Name, ActionRow>
>;
