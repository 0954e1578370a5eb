/**
 * Tests of what a compiled function reads from outside and what changes there:
 * found with a loader's epoch, with the number of calls, after other changes.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

import {
  compile,
  F,
  Generator,
  manualSeed,
  nn,
  ones,
  optim,
  randn,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { oneEpoch, warningsOf } from "./_outside.ts";
import { assertSame } from "./_shared.ts";

/** A function, and a change of what it reads from outside. */
interface Case {
  readonly step: (x: Tensor) => unknown;
  readonly change: () => void;
  /** What `watch` would tell. */
  readonly watch: () => unknown;
  /** Whether calls leave something behind: those that are late did so wrongly. */
  readonly isStateful?: boolean;
}

class Config {
  rate = 1;
  readonly loss: { kind: string; weights: number[] } = {
    kind: "l1",
    weights: [1, 2],
  };
}

const labels = () => tensor([1, 0], { dtype: "int32" });

/** Makes a case anew, always the same. */
const CASES: Readonly<Record<string, () => Case>> = {
  "a number": () => {
    let beta = 0;
    return {
      step: (x) => x.add(x.square().mul(beta)),
      change: () => beta = 1,
      watch: () => beta,
    };
  },
  "a number that only a result has": () => {
    let beta = 0;
    return {
      step: (x) => [x, beta],
      change: () => beta = -0,
      watch: () => beta,
    };
  },
  "a boolean": () => {
    let isSmooth = false;
    return {
      step: (x) => isSmooth ? x.sigmoid() : x.relu(),
      change: () => isSmooth = true,
      watch: () => [isSmooth],
    };
  },
  "the choice of a loss": () => {
    let kind: "l1" | "l2" = "l1";
    const losses = {
      l1: (x: Tensor) => x.abs().sum(),
      l2: (x: Tensor) => x.square().sum(),
    };
    return {
      step: (x) => losses[kind](x),
      change: () => kind = "l2",
      watch: () => ({ kind }),
    };
  },
  "the rate of F.dropout()": () => {
    let p = 0.5;
    const generator = new Generator(1);
    return {
      step: (x) => F.dropout(x, { p, generator }),
      change: () => p = 0.2,
      watch: () => p,
    };
  },
  "the seed of a draw": () => {
    let seed = 1;
    return {
      step: (x) => x.add(randn([2, 2], { seed })),
      change: () => seed = 2,
      watch: () => seed,
    };
  },
  "the generator of a draw": () => {
    let generator = new Generator(1);
    return {
      step: (x) => x.add(randn([2, 2], { generator })),
      change: () => generator = new Generator(7),
      watch: () => generator,
      isStateful: true,
    };
  },
  "the seed of a generator that each call makes": () => {
    let seed = 1;
    return {
      step: (x) => {
        const generator = new Generator(seed);
        return [F.dropout(x, { generator }), randn([3], { generator })];
      },
      change: () => seed = 2,
      watch: () => seed,
    };
  },
  "the mode of a module that each call makes": () => {
    let isOn = false;
    return {
      step: (x) => new nn.Dropout(1).train(isOn).call(x),
      change: () => isOn = true,
      watch: () => isOn,
    };
  },
  "a seed that the function sets": () => {
    let seed = 1;
    return {
      step: (x) => {
        manualSeed(seed);
        return F.dropout(x);
      },
      change: () => seed = 2,
      watch: () => seed,
    };
  },
  "label smoothing": () => {
    const options = { labelSmoothing: 0 };
    return {
      step: (x) => F.crossEntropy(x, labels(), options),
      change: () => options.labelSmoothing = 0.1,
      watch: () => options,
    };
  },
  "a tensor of class weights that is replaced": () => {
    let weight = tensor([1, 2]);
    return {
      step: (x) => F.crossEntropy(x, labels(), { weight }),
      change: () => weight = tensor([3, 1]),
      watch: () => weight,
    };
  },
  "another view of the same tensor": () => {
    const all = tensor([[1, 2], [3, 1]]);
    let weight = all.at(0);
    return {
      step: (x) => F.dropout(x.mul(weight), { p: 0.5, seed: 1 }),
      change: () => weight = all.at(1),
      watch: () => weight,
    };
  },
  "what the host writes in each call": () => {
    let values = [1, 2];
    return {
      step: (x) => x.add(tensor(values)),
      change: () => values = [1, 3],
      watch: () => values,
    };
  },
  "a model in a variable": () => {
    manualSeed(1);
    let model = new nn.Linear(2, 2);
    const other = new nn.Linear(2, 2);
    return {
      step: (x) => model.call(x),
      change: () => model = other,
      watch: () => model,
    };
  },
  "a model without parameters in a variable": () => {
    let model: nn.Module = new nn.ReLU();
    return {
      step: (x) => model.call(x),
      change: () => model = new nn.GELU(),
      watch: () => [model],
    };
  },
  "a nested object in a field of a module": () => {
    class Net extends nn.Module {
      config = { head: { scale: 1 } };
      forward(x: Tensor): Tensor {
        return x.mul(this.config.head.scale);
      }
    }
    const net = new Net();
    return {
      step: (x) => net.call(x),
      change: () => net.config.head.scale = 4,
      watch: () => net.config,
    };
  },
  "a field of a plain class": () => {
    const config = new Config();
    return {
      step: (x) => x.mul(config.rate),
      change: () => config.rate = 3,
      watch: () => config,
    };
  },
  "a nested field of a plain class": () => {
    const config = new Config();
    return {
      step: (x) => x.mul(config.loss.weights[1]!),
      change: () => config.loss.weights[1] = 5,
      watch: () => [config],
    };
  },
  "an array of modules": () => {
    const layers: nn.Module[] = [new nn.ReLU(), new nn.Tanh()];
    return {
      step: (x) => layers.reduce((y, layer) => layer.call(y), x),
      change: () => layers.push(new nn.Sigmoid()),
      watch: () => layers,
    };
  },
  "a branch on the epoch": () => {
    let epoch = 0;
    return {
      step: (x) => epoch < 5 ? x.mul(0.5) : x,
      change: () => epoch = 5,
      watch: () => epoch >= 5,
    };
  },
  "an entry of a Map": () => {
    const rates = new Map([["a", 1]]);
    return {
      step: (x) => x.mul(rates.get("a")!),
      change: () => rates.set("a", 2),
      watch: () => rates,
    };
  },
  "a member of a Set": () => {
    const on = new Set(["a"]);
    return {
      step: (x) => on.has("b") ? x.neg() : x.exp(),
      change: () => on.add("b"),
      watch: () => on,
    };
  },
  "a number that clips": () => {
    let most = 1;
    const p = ones([2], { requiresGrad: true });
    const optimizer = new optim.SGD([p], { lr: 0.1 });
    return {
      step: (x) => {
        optimizer.zeroGrad();
        x.mul(p).sum().backward();
        const norm = nn.clipGradNorm_([p], most);
        optimizer.step();
        return [norm, p];
      },
      change: () => most = 0.5,
      watch: () => most,
      isStateful: true,
    };
  },
  "an optimizer in a variable": () => {
    const p = ones([2], { requiresGrad: true });
    let optimizer: optim.Optimizer = new optim.SGD([p], { lr: 0.1 });
    return {
      step: (x) => {
        optimizer.zeroGrad();
        const loss = x.mul(p).sum();
        loss.backward();
        optimizer.step();
        return [loss, p.detach().mul(1)];
      },
      change: () => optimizer = new optim.Adam([p], { lr: 0.1 }),
      watch: () => optimizer,
      isStateful: true,
    };
  },
  "a scheduler in a variable": () => {
    const p = ones([2], { requiresGrad: true });
    const optimizer = new optim.SGD([p], { lr: 0.1 });
    const [first, second] = [0.5, 0.9].map((gamma) =>
      new optim.ExponentialLR(optimizer, { gamma })
    );
    let scheduler = first!;
    return {
      step: (x) => {
        optimizer.zeroGrad();
        x.mul(p).sum().backward();
        optimizer.step();
        scheduler.step();
        return p;
      },
      change: () => scheduler = second!,
      watch: () => scheduler === first,
      isStateful: true,
    };
  },
};

Deno.test("compile() notices a number that changes after the first replay", async () => {
  let beta = 0;
  const step = compile((x: Tensor) => x.add(x.square().mul(beta)));
  for (let i = 0; i < 3; i++) step(ones([1]));
  beta = 1;
  await warningsOf(async () => {
    assertEquals(await step(ones([1])).item(), 2); // 1 + 1 * 1
  });
});

const input = () => tensor([[1, 2], [3, -4]]);
/** Calls after which a program without a loader was compared for sure. */
const MANY = 9;

for (const [name, make] of Object.entries(CASES)) {
  Deno.test(`compile() finds a change of ${name} with a loader's next epoch`, async () => {
    const warnings = await warningsOf(() =>
      assertSame(async (wrap) => {
        const { step, change } = make();
        const run = wrap(step);
        const calls = () => [0, 1, 2, 3, 4].map(() => run(input()));
        const results = [calls()];
        change();
        await oneEpoch();
        results.push(calls());
        await oneEpoch();
        return [...results, calls()];
      })
    );
    // an optimizer that takes parameters over is noticed by itself
    assertEquals(warnings.length, name.startsWith("an optimizer") ? 0 : 1);
  });

  if (!make().isStateful) {
    Deno.test(`compile() finds a change of ${name} after some calls`, async () => {
      await warningsOf(() =>
        assertSame((wrap) => {
          const { step, change } = make();
          const run = wrap(step);
          for (let i = 0; i < 4; i++) run(input());
          change();
          for (let i = 0; i < MANY; i++) run(input());
          return [0, 1, 2, 3].map(() => run(input()));
        })
      );
    });
  }

  Deno.test(`compile() follows a change of ${name} at once if it is watched`, async () => {
    const warnings = await warningsOf(() =>
      assertSame((wrap) => {
        const { step, change, watch } = make();
        const run = wrap(step, { watch });
        const calls = () => [0, 1, 2, 3].map(() => run(input()));
        const results = calls();
        change();
        return [...results, calls()];
      })
    );
    assertEquals(warnings, []);
  });
}
