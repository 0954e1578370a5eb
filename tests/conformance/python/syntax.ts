/**
 * What a program is once it is parsed: statements and expressions of Python,
 * and the few sentences in which the goldens say what to do with gradients.
 *
 * @module
 */

/** Something with a value. */
export type Expression =
  | { readonly kind: "constant"; readonly value: Constant }
  | { readonly kind: "name"; readonly name: string }
  | {
    readonly kind: "unary";
    readonly operator: string;
    readonly operand: Expression;
  }
  | {
    readonly kind: "binary";
    readonly operator: string;
    readonly left: Expression;
    readonly right: Expression;
  }
  | {
    readonly kind: "comparison";
    readonly first: Expression;
    readonly rest: readonly (readonly [operator: string, Expression])[];
  }
  | {
    readonly kind: "choice";
    readonly condition: Expression;
    readonly yes: Expression;
    readonly no: Expression;
  }
  | {
    readonly kind: "attribute";
    readonly object: Expression;
    readonly name: string;
  }
  | {
    readonly kind: "index";
    readonly object: Expression;
    readonly index: Expression;
  }
  | { readonly kind: "slice"; readonly bounds: readonly Expression[] }
  | {
    readonly kind: "call";
    readonly callee: Expression;
    readonly args: readonly Argument[];
  }
  | {
    readonly kind: "tuple" | "list";
    readonly items: readonly Expression[];
  };

/** A literal; `undefined` is Python's None. */
export type Constant = number | string | boolean | undefined | "...";

/** An argument of a call: with a name, spread by a star, or neither. */
export interface Argument {
  readonly name?: string;
  readonly star?: true;
  readonly value: Expression;
}

/** Something that is done. */
export type Statement =
  | { readonly kind: "expression"; readonly value: Expression }
  | {
    readonly kind: "assignment";
    readonly targets: readonly Expression[];
    readonly value: Expression;
  }
  | {
    readonly kind: "augmented";
    readonly target: Expression;
    readonly operator: string;
    readonly value: Expression;
  }
  | {
    readonly kind: "with";
    readonly manager: Expression;
    readonly body: readonly Statement[];
  }
  | {
    readonly kind: "for";
    readonly target: Expression;
    readonly over: Expression;
    readonly body: readonly Statement[];
  }
  | {
    readonly kind: "if";
    readonly condition: Expression;
    readonly body: readonly Statement[];
    readonly otherwise: readonly Statement[];
  }
  | {
    /** Goes backward from `root`, with a cotangent or with 1. */
    readonly kind: "backward";
    readonly root: Expression;
    readonly cotangent?: Expression;
    /** Whose gradients are results. */
    readonly of: readonly string[];
  }
  | { readonly kind: "results"; readonly names: readonly string[] }
  | {
    /** Goes backward through every one of these, and stores their sum. */
    readonly kind: "passes";
    readonly roots: readonly Expression[];
    readonly stored: Expression;
  };
