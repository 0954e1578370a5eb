/**
 * What the workloads should give, in plain loops and double precision: slow,
 * short and obviously right. Arrays are row-major, by the shapes in the
 * comments; nothing here is timed.
 *
 * @module
 */

type Values = ArrayLike<number>;

/** a [m, k] times b [k, n]. */
export function matmul(
  a: Values,
  b: Values,
  [m, k, n]: readonly [number, number, number],
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      for (let j = 0; j < n; j++) {
        c[i * n + j]! += a[i * k + p]! * b[p * n + j]!;
      }
    }
  }
  return c;
}

/** a [rows, columns] with its axes exchanged. */
export function transposed(
  a: Values,
  rows: number,
  columns: number,
): Float64Array {
  return Float64Array.from(
    { length: rows * columns },
    (_, i) => a[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}

/** Sizes of a convolution with 3x3 filters and padding 1. */
export interface ConvShape {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly height: number;
  readonly width: number;
}

/** Calls `visit` with the places of y, x and w of every product. */
function eachProduct(
  { batch, inputs, outputs, height, width }: ConvShape,
  visit: (y: number, x: number, w: number) => void,
): void {
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      for (let c = 0; c < inputs; c++) {
        for (let tap = 0; tap < 9; tap++) {
          const [down, right] = [Math.floor(tap / 3) - 1, tap % 3 - 1];
          for (let i = 0; i < height; i++) {
            if (i + down < 0 || i + down >= height) continue;
            for (let j = 0; j < width; j++) {
              if (j + right < 0 || j + right >= width) continue;
              visit(
                ((n * outputs + o) * height + i) * width + j,
                ((n * inputs + c) * height + i + down) * width + j + right,
                (o * inputs + c) * 9 + tap,
              );
            }
          }
        }
      }
    }
  }
}

/** x [batch, inputs, height, width] with w [outputs, inputs, 3, 3]. */
export function conv(x: Values, w: Values, shape: ConvShape): Float64Array {
  const { batch, outputs, height, width } = shape;
  const y = new Float64Array(batch * outputs * height * width);
  eachProduct(shape, (at, from, tap) => y[at]! += x[from]! * w[tap]!);
  return y;
}

/** Gradients of `conv` with respect to x and w. */
export function convGrad(
  x: Values,
  w: Values,
  dy: Values,
  shape: ConvShape,
): [Float64Array, Float64Array] {
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(w.length);
  eachProduct(shape, (at, from, tap) => {
    dx[from]! += dy[at]! * w[tap]!;
    dw[tap]! += dy[at]! * x[from]!;
  });
  return [dx, dw];
}

/** Of each row of x [rows, columns]. */
export function softmax(x: Values, columns: number): Float64Array {
  const y = Float64Array.from(x);
  for (let at = 0; at < y.length; at += columns) {
    const row = y.subarray(at, at + columns);
    const most = Math.max(...row);
    const total = row.reduce((sum, v) => sum + Math.exp(v - most), 0);
    row.forEach((v, i) => row[i] = Math.exp(v - most) / total);
  }
  return y;
}

/** q, k and v [length, width] of one head: y, dq, dk and dv. */
export function attentionGrad(
  [q, k, v, dy]: readonly [Values, Values, Values, Values],
  [length, width]: readonly [number, number],
  isCausal: boolean,
): [Float64Array, Float64Array, Float64Array, Float64Array] {
  const square = [length, width, length] as const;
  const wide = [length, length, width] as const;
  const scale = 1 / Math.sqrt(width);
  const scores = matmul(q, transposed(k, length, width), square).map((s, i) =>
    isCausal && i % length > Math.floor(i / length) ? -Infinity : s * scale
  );
  const p = softmax(scores, length);
  const dp = matmul(dy, transposed(v, length, width), square);
  const ds = new Float64Array(p.length);
  for (let i = 0; i < length; i++) {
    let mean = 0;
    for (let j = 0; j < length; j++) {
      mean += p[i * length + j]! * dp[i * length + j]!;
    }
    for (let j = 0; j < length; j++) {
      const at = i * length + j;
      ds[at] = p[at]! * (dp[at]! - mean) * scale;
    }
  }
  return [
    matmul(p, v, wide),
    matmul(ds, k, wide),
    matmul(transposed(ds, length, length), q, wide),
    matmul(transposed(p, length, length), dy, wide),
  ];
}

/** x [rows, columns], scale and shift [columns]: y, dx, dscale and dshift. */
export function layerNormGrad(
  [x, scale, shift, dy]: readonly [Values, Values, Values, Values],
  columns: number,
): [Float64Array, Float64Array, Float64Array, Float64Array] {
  const [y, dx] = [new Float64Array(x.length), new Float64Array(x.length)];
  const [dscale, dshift] = [
    new Float64Array(columns),
    new Float64Array(columns),
  ];
  for (let at = 0; at < x.length; at += columns) {
    const row = Float64Array.from({ length: columns }, (_, i) => x[at + i]!);
    const mean = row.reduce((sum, v) => sum + v, 0) / columns;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / columns;
    const inverse = 1 / Math.sqrt(variance + 1e-5);
    let [sum, product] = [0, 0];
    for (let i = 0; i < columns; i++) {
      row[i] = (row[i]! - mean) * inverse; // normalised from here on
      y[at + i] = row[i]! * scale[i]! + shift[i]!;
      dshift[i]! += dy[at + i]!;
      dscale[i]! += dy[at + i]! * row[i]!;
      sum += dy[at + i]! * scale[i]! / columns;
      product += dy[at + i]! * scale[i]! * row[i]! / columns;
    }
    for (let i = 0; i < columns; i++) {
      const g = dy[at + i]! * scale[i]!;
      dx[at + i] = inverse * (g - sum - row[i]! * product);
    }
  }
  return [y, dx, dscale, dshift];
}
