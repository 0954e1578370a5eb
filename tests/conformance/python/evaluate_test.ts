import { assertEquals } from "@std/assert";
import { HostArray } from "../../../src/tensor/host_array.ts";
import { runCases } from "../folder.ts";

const X = Float32Array.of(1, -2, 3, -4, 5, -6); // [2, 3]

/** What comes of programs on `x` [2, 3] whose output should be `want`. */
function evaluate(
  want: readonly number[],
  shape: readonly number[],
  ...programs: readonly string[]
): Promise<string[]> {
  return runCases(
    "tensor",
    programs.map((program) => ({
      op: "program",
      kwargs: { program },
      inputs: { x: "x" },
      outputs: { output: "want" },
      atol: 1e-6,
    })),
    {
      x: new HostArray(X, [2, 3]),
      want: new HostArray(Float32Array.from(want), shape),
    },
  );
}

const PASSED = (count: number): string[] =>
  Array.from({ length: count }, () => "passed");

Deno.test("a program's operators bind as Python's do", async () => {
  const programs = [
    "out = x.sum() * 0 + 2 + 3 * 2 ** 2 ** 1 - -4 // 3",
    "out = x.sum() * 0 - (-2 ** 2) + 8 + 17 % 5 * 2",
    "out = (x[0, 0] - 1) * 7 + (16 if 1 < 2 <= 2 and not False else 0)",
    "out = 16 * x[0, 0] ^ 2",
  ];
  assertEquals(await evaluate([16], [], ...programs), PASSED(4));
});

Deno.test("a program calls functions, methods and modules of torch by position and name", async () => {
  const programs = [
    "out = torch.sum(x, 1, True)",
    "out = x.sum(-1, keepdim=True)",
    "out = torch.sum(input=x, dim=1, keepdim=True)",
    "out = sum(x, dim 1, keepdim True)",
    "out = F.linear(x, torch.ones(1, 3))",
    "out = x @ torch.ones([3, 1])",
    "out = (x.T[0] + x[:, 1] + x[..., 2])[:, None]",
    "out = x.view(2, 3).mean(1, True) * 3",
    "a, b, c = x.unbind(1); out = torch.stack([a + b + c], dim=1)",
    "n = x.shape[1]\nout = x.reshape(-1, n).sum(dim=[1]).view(x.size(0), 1)",
  ];
  assertEquals(
    await evaluate([2, -5], [2, 1], ...programs),
    PASSED(programs.length),
  );
});

Deno.test("a program writes in place, loops and suspends gradients", async () => {
  const programs = [
    "y = x * 1; y += x; y *= 2; y[0] = 0; y[1, 1:] -= 1; out = y.sum(1)",
    "out = torch.zeros_like(x[0, :2])\nfor i in range(2):\n    out[i] = -22 * i\n",
    "y = x.abs() * 0\nwith torch.no_grad():\n  y += 1\nout = y.sum(1) * 0 + torch.tensor([0., -22.], dtype=torch.float)",
    "y = x.clone(); y.mul_(0).add_(1, alpha=2).sub_(2); y[1].fill_(-22).div_(3); out = y.sum(1)",
    "y = x * 0; y.copy_(x).clamp_(0, max=0); y[1, :2].sub_(11); out = y.sum(1)",
    "if 1 > 2:\n  out = 1\nelif len(x) == 2:\n  out = torch.tensor([0.0, -22.0], dtype=torch.float32)\n",
  ];
  assertEquals(
    await evaluate([0, -22], [2], ...programs),
    PASSED(programs.length),
  );
});

Deno.test("a program takes gradients, and those of gradients", async () => {
  const x = new HostArray(Float32Array.of(1, 2, 3));
  const case_ = (program: string, outputs: readonly string[]) => ({
    op: "program",
    kwargs: { program },
    inputs: { x: "x", ...(/\bw\b/.test(program) ? { w: "w" } : {}) },
    outputs: Object.fromEntries(outputs.map((name) => [name, name])),
  });
  const outcomes = await runCases("tensor", [
    case_(
      "l = (x ** 3).sum(); g = grad(l, x) with the graph kept; h = grad(sum(g), x); results g and h",
      ["g", "h"],
    ),
    case_(
      "(g,) = torch.autograd.grad((x ** 3).sum(), [x], create_graph=True); (h,) = torch.autograd.grad(g.sum(), x)",
      ["g", "h"],
    ),
    case_("out = x ** 3; then backward with the cotangent w: grad.x", [
      "grad.x",
    ]),
    case_("grad.x and grad.w of sum(x^3 * w)", ["grad.x", "grad.w"]),
    case_("y = x ** 3\ny.backward(gradient=w)\ng = x.grad / w * 1.0\nout = g", [
      "g",
    ]),
    {
      ...case_(
        "backward through out = x^3 and then through out = x, grads accumulating; stored as out = x^3 + x",
        [],
      ),
      inputs: { x: "x" },
      outputs: { output: "output" },
      cotangents: { output: "w" },
      grads: { x: "passes" },
    },
  ], {
    x,
    w: new HostArray(Float32Array.of(1, 2, 4)),
    g: new HostArray(Float32Array.of(3, 12, 27)), // 3 x^2
    h: new HostArray(Float32Array.of(6, 12, 18)), // 6 x
    "grad.x": new HostArray(Float32Array.of(3, 24, 108)), // 3 x^2 w
    "grad.w": new HostArray(Float32Array.of(1, 8, 27)), // x^3
    output: new HostArray(Float32Array.of(2, 10, 30)),
    passes: new HostArray(Float32Array.of(4, 26, 112)), // (3 x^2 + 1) w
  });
  assertEquals(outcomes, PASSED(6));
});

Deno.test("a program is unsupported with the name that nothing has", async () => {
  const programs = [
    "out = x + nothing",
    "out = nothing(x)",
    "out = torch.nothing(x)",
    "out = x.nothing()",
    "out = x.relu_()",
    "out = x.div_(2, rounding_mode='floor')",
    "out = x.sum(nothing=1)",
    "out = torch.sum(x, 1, True, 4)",
    "out = x ^ (x > 0)",
    "import torch",
    "out = [y for y in x]",
    "out = x; results y",
    "out = x in words",
    "with open(x): out = x",
    "out = x $ 2",
  ];
  const outcomes = await evaluate([0], [1], ...programs);
  assertEquals(outcomes, [
    "unsupported: the name nothing",
    "unsupported: no nothing",
    "unsupported: no torch.nothing",
    "unsupported: no torch.Tensor.nothing",
    "unsupported: .relu_() in a program",
    "unsupported: div_ with rounding_mode",
    "unsupported: with nothing",
    "unsupported: torch.sum of (a tensor, 1, true, 4)",
    "unsupported: ^ of integers",
    'unsupported: the syntax of a program at "import"',
    'unsupported: the syntax of a program at "for"',
    "unsupported: the name y",
    'unsupported: the syntax of a program at "in"',
    "unsupported: with undefined",
    'unsupported: "$" in a program',
  ]);
});

Deno.test("a program's arguments of the case are repeated or used, never ignored", async () => {
  const case_ = (program: string, kwargs: Record<string, unknown>) => ({
    op: "program",
    kwargs: { program, ...kwargs },
    inputs: { x: "x" },
    outputs: { output: "sum" },
  });
  const outcomes = await runCases("tensor", [
    case_("out = x.sum(dim=0)", { dim: 0 }),
    case_("out = x.sum(dim)", { dim: 0 }),
    case_("out = x.sum(dim=0)", { dim: 1 }),
    case_("out = x.sum(dim=0)", { keepdim: false }),
  ], {
    x: new HostArray(X, [2, 3]),
    sum: new HostArray(Float32Array.of(-3, 3, -3)),
  });
  assertEquals(outcomes, [
    "passed",
    "passed",
    "unsupported: with dim",
    "unsupported: with keepdim",
  ]);
});
