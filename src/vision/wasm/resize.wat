;; resize: scales an image of bytes along both axes, by tables of neighbours.
;;
;;   out[y, x, c] = round(sum over k, j of v[y, k] * h[x, j] *
;;                        image[top(y) + k, left(x) + j, c])
;;
;; Products and sums are float32, in the order of $blend and $resample; rounding
;; is to the nearest, half to even, and saturates. Results equal those of
;; resize_scalar.ts, which sums in float64, except within 1e-4 of a half.
;;
;; memory    holds all arrays; the caller places them at multiples of 16, with 16
;;           bytes after each: loads and stores reach beyond ends
;; image     uint8 [rows, columns, channels], `stride` bytes from row to row
;; rows      a record for each row of the result: i32, the place of its first
;;           neighbour, in bytes from `image`; f32 [taps], the weights
;; columns   the same for each column: in bytes from `line`
;; line      f32, a row of the image after blending; initially finite
;; out       uint8 [height, width, channels]; a store writes 4 bytes, and the next
;;           pixel overwrites those beyond the channels
;; geometry  for each row of the result, its neighbours are blended into `line`,
;;           16 bytes at a time, over the needed columns; then each pixel is a
;;           vector from `line`, which stays in the first cache. Lanes beyond the
;;           channels hold the next pixel's and are not used.
;; source    torch's upsample_bilinear2d_aa; fixed width SIMD of WebAssembly
;;
;; Assembled to resize.wasm by `deno task assemble`.
(module
  (memory (export "memory") 1)

  ;; line[i] = sum over k of weights[k] * image[k * stride + i], 16 at a time
  (func $blend
    (param $image i32) (param $stride i32) (param $length i32)
    (param $weights i32) (param $taps i32) (param $line i32)
    (local $end i32) (local $at i32) (local $k i32) (local $weight i32)
    (local $bytes v128) (local $w v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $image) (local.get $length)))
    (loop $block
      (local.set $at (local.get $image))
      (local.set $weight (local.get $weights))
      (local.set $k (local.get $taps))
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (local.set $c (v128.const f32x4 0 0 0 0))
      (local.set $d (v128.const f32x4 0 0 0 0))
      (loop $tap
        (local.set $bytes (v128.load (local.get $at)))
        (local.set $w (v128.load32_splat (local.get $weight)))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u
            (i16x8.extend_low_i8x16_u (local.get $bytes)))))))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u
            (i16x8.extend_low_i8x16_u (local.get $bytes)))))))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u
            (i16x8.extend_high_i8x16_u (local.get $bytes)))))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u
            (i16x8.extend_high_i8x16_u (local.get $bytes)))))))
        (local.set $at (i32.add (local.get $at) (local.get $stride)))
        (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
        (br_if $tap
          (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
      (v128.store (local.get $line) (local.get $a))
      (v128.store offset=16 (local.get $line) (local.get $b))
      (v128.store offset=32 (local.get $line) (local.get $c))
      (v128.store offset=48 (local.get $line) (local.get $d))
      (local.set $line (i32.add (local.get $line) (i32.const 64)))
      (br_if $block (i32.lt_u
        (local.tee $image (i32.add (local.get $image) (i32.const 16)))
        (local.get $end)))))

  ;; The pixels of a row of the result, from `line`; 4 * channels bytes are a
  ;; pixel there.
  (func $resample
    (param $line i32) (param $columns i32) (param $taps i32)
    (param $channels i32) (param $out i32) (param $end i32)
    (local $at i32) (local $k i32) (local $pixel i32) (local $sum v128)
    (local.set $pixel (i32.shl (local.get $channels) (i32.const 2)))
    (loop $column
      (local.set $at
        (i32.add (local.get $line) (i32.load (local.get $columns))))
      (local.set $columns (i32.add (local.get $columns) (i32.const 4)))
      (local.set $sum (v128.const f32x4 0 0 0 0))
      (local.set $k (local.get $taps))
      (loop $tap
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul
          (v128.load32_splat (local.get $columns))
          (v128.load (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (local.get $pixel)))
        (local.set $columns (i32.add (local.get $columns) (i32.const 4)))
        (br_if $tap
          (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
      (local.set $sum
        (i32x4.trunc_sat_f32x4_s (f32x4.nearest (local.get $sum))))
      (local.set $sum (i16x8.narrow_i32x4_s (local.get $sum) (local.get $sum)))
      (local.set $sum (i8x16.narrow_i16x8_u (local.get $sum) (local.get $sum)))
      (v128.store32_lane 0 (local.get $out) (local.get $sum))
      (br_if $column (i32.lt_u
        (local.tee $out (i32.add (local.get $out) (local.get $channels)))
        (local.get $end)))))

  ;; All rows; `length` bytes of each row of the image are blended.
  (func (export "resize")
    (param $image i32) (param $stride i32) (param $length i32)
    (param $rows i32) (param $row_taps i32) (param $height i32)
    (param $columns i32) (param $column_taps i32) (param $width i32)
    (param $channels i32) (param $line i32) (param $out i32)
    (local $end i32) (local $last i32)
    (local.set $width (i32.mul (local.get $width) (local.get $channels)))
    (local.set $last (i32.add (local.get $out)
      (i32.mul (local.get $width) (local.get $height))))
    (loop $row
      (local.set $end (i32.add (local.get $out) (local.get $width)))
      (call $blend
        (i32.add (local.get $image) (i32.load (local.get $rows)))
        (local.get $stride) (local.get $length)
        (i32.add (local.get $rows) (i32.const 4)) (local.get $row_taps)
        (local.get $line))
      (call $resample
        (local.get $line) (local.get $columns) (local.get $column_taps)
        (local.get $channels) (local.get $out) (local.get $end))
      (local.set $rows (i32.add (local.get $rows) (i32.shl
        (i32.add (local.get $row_taps) (i32.const 1)) (i32.const 2))))
      (br_if $row (i32.lt_u
        (local.tee $out (local.get $end)) (local.get $last))))))
