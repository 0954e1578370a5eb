import { assertEquals, assertThrows } from "@std/assert";
import {
  bernoulli,
  type DType,
  F,
  full,
  manualSeed,
  nn,
  rand,
  randint,
  randn,
  type Tensor,
  tensor,
} from "../../../mod.ts";
import { largeTest, LIMIT, whole } from "../_large.ts";

// Runs `body` in parts and whole, on the same numbers; the bits are equal.
async function assertSameBits(body: () => Tensor): Promise<void> {
  const run = async () => {
    manualSeed(3);
    const y = body();
    return { shape: y.shape, data: await y.data() };
  };
  assertEquals(await run(), await whole(run));
}

const ELEMENTWISE: Readonly<Record<string, () => Tensor>> = {
  "of equal shapes": () => randn([70, 77]).add(randn([70, 77])),
  "with a row": () => randn([70, 77]).mul(randn([77])),
  "with a column": () => randn([70, 77]).sub(randn([70, 1])),
  "with a number": () => randn([5001]).mul(3),
  "of one long row": () => randn([1, 5003]).square(),
  "with a scalar tensor": () => randn([3, 5003]).mul(randn([])),
  "of transposed operands": () =>
    randn([70, 77]).t().add(randn([77, 70])).add(randn([70, 77]).t()),
  "of parts of parts": () =>
    randn([70, 90]).slice(1, 3, 80, 2).add(randn([70, 39]).slice(0, 0, 70)),
  "into bool": () => randn([63, 131]).gt(0),
  "of comparisons": () => randn([9001]).gt(0).logicalAnd(randn([9001]).lt(1)),
  "of a choice": () => {
    const x = randn([90, 77]);
    return x.maskedFill(x.lt(0), -1);
  },
};

for (const [what, body] of Object.entries(ELEMENTWISE)) {
  largeTest(`maps ${what} go part by part`, () => assertSameBits(body));
}

const COPIES: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "clone()": (x) => x.clone(),
  "contiguous()": (x) => x.t().contiguous(),
  "to(float16)": (x) => x.to("float16"),
  "to(int32)": (x) => x.to("int32"),
  "to(bool)": (x) => x.to("bool"),
  "reshape()": (x) => x.t().reshape([-1]),
  "expand()": (x) => x.slice(1, 0, 1).expand([70, 199]).contiguous(),
  "flip()": (x) => x.flip([0, 1]),
  "roll()": (x) => x.roll([3, -5], [0, 1]),
  "cat()": (x) => x.slice(1, 0, 40).reshape([-1]).clone().repeat([3]),
  "repeat()": (x) => x.repeat([2, 3]),
  "pad()": (x) => x.pad([1, 2, 3, 0]),
  "tril()": (x) => x.tril(),
};

for (const dtype of ["float32", "uint8", "float16"] satisfies DType[]) {
  for (const [name, body] of Object.entries(COPIES)) {
    if (dtype === "float16" && name === "to(float16)") continue;
    largeTest(
      `${name} of large ${dtype} tensors gives the same`,
      () =>
        assertSameBits(() => {
          const x = randn([70, 91]).mul(40).abs().to(dtype);
          return body(x);
        }),
    );
  }
}

largeTest(
  "add_() writes into every part of a large tensor",
  () => assertSameBits(() => randn([70, 77]).add_(randn([77])).mul_(2)),
);

largeTest(
  "add_() writes into a small view of a large tensor",
  () =>
    assertSameBits(() => {
      const x = randn([70, 77]);
      x.select(0, 50).add_(1);
      x.slice(1, 5, 77, 9).mul_(2);
      x.t().slice(0, 3, 4).add_(x.t().slice(0, 4, 5));
      return x;
    }),
);

largeTest(
  "copy_() and fill_() write into parts of large tensors",
  () =>
    assertSameBits(() => {
      const x = randn([70, 77]);
      x.slice(0, 10, 65).copy_(randn([77]));
      x.slice(1, 70).fill_(3);
      return x;
    }),
);

largeTest(
  "full() fills bytes, where a part ends inside of a word",
  () =>
    assertSameBits(() => {
      const x = full([3, 4093], 7, { dtype: "uint8" });
      x.slice(1, 2, 4090).fill_(9);
      return x;
    }),
);

largeTest(
  "tensor() takes what is larger than a binding, data() reads it",
  async () => {
    const values = Float32Array.from({ length: 5001 }, (_, i) => i);
    assertEquals(await tensor(values).data(), values);
    assertEquals(
      await tensor(values).slice(0, 4000, 4002).data(),
      values.slice(4000, 4002),
    );
  },
);

largeTest("ops that can't be done in parts name both sizes", async () => {
  const x = randn([5000]);
  assertThrows(
    () => x.sort(),
    RangeError,
    `Cannot argsort float32 [5000]: it needs 20224 bytes of one tensor at ` +
      `once, this adapter binds ${LIMIT} at most`,
  );
  assertEquals((await x.data()).length, 5000);
});

const DRAWS: Readonly<Record<string, () => Tensor>> = {
  "rand()": () => rand([70, 77]),
  "randn()": () => randn([5003]),
  "randn() of float16": () => randn([9, 555], { dtype: "float16" }),
  "randint()": () => randint(-7, 9000, [70, 77]),
  "randint() of bytes": () => randint(0, 256, [90, 77], { dtype: "uint8" }),
  "bernoulli()": () => bernoulli(rand([90, 77])),
  "uniform_()": () => {
    const x = full([90, 77], 0);
    nn.init.uniform_(x.slice(0, 1), -1, 1);
    return x;
  },
  "normal_() into columns": () => {
    const x = full([90, 77], 0);
    nn.init.normal_(x.slice(1, 3), 2, 3);
    return x;
  },
  "dropout()": () => F.dropout(randn([90, 77])),
  "dropout() of a repeated row": () => F.dropout(randn([77]).expand([90, 77])),
};

for (const [name, body] of Object.entries(DRAWS)) {
  largeTest(`${name} draws the same numbers part by part`, async () => {
    await assertSameBits(body);
    // and the next draw goes on from there
    await assertSameBits(() => {
      body();
      return rand([2]);
    });
  });
}
