import { assertEquals, assertMatch } from "@std/assert";
import {
  ProgressBar,
  type ProgressTarget,
} from "../../../datasets/download/progress_bar.ts";

/** A target that keeps what is written to it. */
function target(isTerminal: boolean): ProgressTarget & { text(): string } {
  const written: string[] = [];
  return {
    isTerminal,
    write: (text) => void written.push(text),
    text: () => written.join(""),
  };
}

const STATE = {
  file: "data.gz",
  url: "http://host/data.gz",
  receivedBytes: 2_500_000,
  totalBytes: 10_000_000,
};

Deno.test("ProgressBar redraws one line on a terminal", () => {
  const screen = target(true);
  const bar = new ProgressBar(screen);
  bar.update(STATE);
  bar.update({ ...STATE, receivedBytes: 2_600_000 }); // too soon to draw
  assertEquals(
    screen.text(),
    "\r\x1b[2Kdata.gz ━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 25 % of 10.0 MB 0 bytes/s",
  );
});

Deno.test("ProgressBar replaces the bar by a line at the end", () => {
  const screen = target(true);
  const bar = new ProgressBar(screen);
  bar.update(STATE);
  bar.end("data.gz", 10_000_000);
  const last = screen.text().split("\x1b[2K").at(-1) ?? "";
  assertMatch(last, /^Downloaded data\.gz, 10\.0 MB in 0\.\d s\n$/);
});

Deno.test("ProgressBar takes the bar away after a failure", () => {
  const screen = target(true);
  const bar = new ProgressBar(screen);
  bar.update(STATE);
  bar.end("data.gz");
  assertEquals(screen.text().endsWith("\r\x1b[2K"), true);
});

Deno.test("ProgressBar writes plain lines where there is no terminal", () => {
  const log = target(false);
  const bar = new ProgressBar(log);
  bar.update(STATE);
  bar.update({ ...STATE, receivedBytes: 9_000_000 }); // a line each 10 s
  bar.end("data.gz", 10_000_000);
  assertMatch(
    log.text(),
    /^Downloading http:\/\/host\/data\.gz\nDownloaded data\.gz, 10\.0 MB .*\n$/,
  );
});

Deno.test("ProgressBar shows the bytes where the size is not known", () => {
  const screen = target(true);
  new ProgressBar(screen).update({ ...STATE, totalBytes: undefined });
  assertMatch(screen.text(), /data\.gz 2\.5 MB 0 bytes\/s$/);
});
