/**
 * The skeletons of ten handwritten digits: where the pen goes, not how thick
 * its line is or how the writer slants it (draw_digit.ts does that).
 *
 * Coordinates are percent of the digit's box, x to the right and y downwards. A
 * stroke of two points is straight, one of more is a smooth curve through all
 * of them; a corner is where two strokes meet.
 *
 * @module
 */

/** The points of one stroke, as `x, y, x, y, …`. */
export type Stroke = readonly number[];

/** For each digit the ways in which people write it: strokes of `x,y` points. */
const WAYS: readonly (readonly (readonly string[])[])[] = [
  [
    ["50,5 24,18 14,50 24,82 50,95 76,82 86,50 76,18 50,5"],
    ["58,6 34,14 20,48 28,84 50,95 72,80 82,46 74,18 52,8"],
  ],
  [
    ["50,5 50,95"],
    ["34,24 52,5", "52,5 52,95"],
    ["32,24 52,5", "52,5 52,95", "30,95 74,95"],
  ],
  [
    ["18,26 30,10 52,5 74,14 78,32 64,55 38,78 16,95", "16,95 84,95"],
    [
      "18,24 32,9 54,5 76,16 76,36 56,64 32,90 14,90 20,76",
      "20,76 40,78 62,92 86,88",
    ],
  ],
  [
    [
      "20,16 44,5 72,13 75,30 62,43 40,48",
      "40,48 66,52 82,68 75,87 48,96 17,85",
    ],
    ["20,6 78,6", "78,6 46,42", "46,42 70,49 81,70 69,90 43,96 18,86"],
  ],
  [
    ["28,8 16,58", "16,58 86,58", "68,12 64,95"],
    ["62,5 14,64", "14,64 88,64", "62,5 62,95"],
    ["26,8 22,40 40,52 74,44", "76,8 72,95"],
  ],
  [
    ["78,6 30,6", "30,6 24,44", "24,44 48,37 72,44 82,66 70,88 44,95 17,84"],
    ["80,8 34,10 26,42", "26,42 54,40 74,58 70,82 46,95 18,88"],
  ],
  [
    [
      "68,6 40,22 22,52 20,76 36,94 60,94 " +
      "78,78 73,59 52,51 32,58 21,74",
    ],
    ["46,5 28,36 20,68 32,92 58,94 74,78 66,62 46,60 24,76"],
  ],
  [
    ["16,9 84,7", "84,7 58,46 42,95"],
    ["16,9 84,7", "84,7 56,48 38,95", "36,50 74,50"],
    ["16,22 18,8", "18,8 82,8", "82,8 66,40 58,95"],
  ],
  [
    [
      "50,48 27,33 27,14 50,5 73,14 73,33 50,48 " +
      "22,66 22,86 50,96 78,86 78,66 50,48",
    ],
    [
      "74,16 48,5 26,18 34,38 62,56 76,78 " +
      "54,95 28,84 34,60 62,40 74,16",
    ],
  ],
  [
    ["78,30 66,10 42,5 22,18 22,38 42,52 64,46 78,30", "78,30 76,60 66,95"],
    [
      "76,28 62,8 40,7 24,24 32,46 56,48 76,28",
      "76,28 78,66 64,90 40,95 22,86",
    ],
    ["74,14 46,6 24,22 30,44 54,46 74,14", "74,14 72,95"],
  ],
];

/** For each digit the ways in which people write it. */
export const DIGIT_STROKES: readonly (readonly (readonly Stroke[])[])[] = WAYS
  .map((ways) => ways.map((way) => way.map(parseStroke)));

function parseStroke(points: string): Stroke {
  return points.split(/[ ,]/).map(Number);
}
