/**
 * Modules that nets of the category training are built from, besides torch's
 * own classes.
 *
 * @module
 */

import { Module } from "../../src/nn/module.ts";
import type { GRU, LSTM, RNN } from "../../src/nn/recurrent.ts";
import type { Sequential } from "../../src/nn/sequential.ts";
import type { TransformerEncoderLayer } from "../../src/nn/transformer.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** relu(body(x) + x), as the goldens' notes say. */
export class Residual extends Module {
  readonly body: Sequential;

  constructor(body: Sequential) {
    super();
    this.body = body;
  }

  override forward(x: Tensor): Tensor {
    return this.body.call(x).add(x).relu();
  }
}

/** The output of a recurrent layer's last step, as the goldens' notes say. */
export class Last extends Module {
  readonly rnn: GRU | LSTM | RNN;

  constructor(rnn: GRU | LSTM | RNN) {
    super();
    this.rnn = rnn;
  }

  override forward(x: Tensor): Tensor {
    return this.rnn.call(x)[0].select(1, -1);
  }
}

/** The mean over time of an encoder's layer, as the goldens' notes say. */
export class Encoder extends Module {
  readonly layer: TransformerEncoderLayer;

  constructor(layer: TransformerEncoderLayer) {
    super();
    this.layer = layer;
  }

  override forward(x: Tensor): Tensor {
    return this.layer.call(x).mean(1);
  }
}
