/**
 * `./run` on machines that lack things: a copy of it in a folder of its own,
 * with a PATH that holds only what the test puts there.
 *
 * @module
 */

import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";

const SCRIPT = new URL("../run", import.meta.url);
const NO_DRIVER = { VK_DRIVER_FILES: "/nonexistent.json" };

/** Programs of the system that the script may use. */
const SYSTEM = [
  ..."cat chmod dirname env find mkdir mktemp mv readlink rm sed sh".split(" "),
  ..."timeout uname".split(" "),
];

/** A Deno that prints its arguments; `adapter` and JSR come from variables. */
const deno = (version: string) =>
  `#!/bin/sh
case "$1 \${2:-}" in
  "--version "*) echo "deno ${version} (stable, release)" ;;
  "eval --no-config") exit "\${JSR:-1}" ;;
  "eval "*) echo "\${ADAPTER:-false}" ;;
  "runtime "*) echo "$XDG_RUNTIME_DIR" ;;
  *) printf '<%s>' "$@" ;;
esac
`;

const id = (user: number) => `#!/bin/sh\necho ${user}\n`;
const LOG = '#!/bin/sh\necho "${0##*/} $*" >> "$HOME/log"\n';

/** An npm that brings Deno as the real package does, scripts not run. */
const NPM = `${LOG}
while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/node_modules/@deno/some-system"
cp "$HOME/deno" "$2/node_modules/@deno/some-system/deno"
`;

/** A curl that brings an installer. */
const CURL = `${LOG}
while [ "$1" != -o ]; do shift; done
echo 'cp "$HOME/deno" "$DENO_INSTALL/bin/deno" && echo "sh $*" >> "$HOME/log"' \\
  > "$2"
`;

/** Scripts by the name under which they are on PATH. */
type Programs = Readonly<Record<string, string>>;

/** What a run of the script did. */
interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine made of a project folder, a PATH and a home of its own. */
class Machine implements AsyncDisposable {
  readonly folder: string;
  readonly root: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.root = `${folder}/the project`;
  }

  static async make(programs: Programs): Promise<Machine> {
    const machine = new Machine(await Deno.makeTempDir());
    const { folder, root } = machine;
    for (const name of ["bin", "home", "the project"]) {
      await Deno.mkdir(`${folder}/${name}`);
    }
    for (const name of [...SYSTEM, "cp"]) {
      const path = await which(name);
      if (path) await Deno.symlink(path, `${folder}/bin/${name}`);
    }
    await Deno.copyFile(SCRIPT, `${root}/run`);
    await Deno.writeTextFile(`${root}/deno.json`, '{\n  "name": "x"\n}\n');
    for (const [name, text] of Object.entries({ id: id(1000), ...programs })) {
      await Deno.writeTextFile(`${folder}/bin/${name}`, text, { mode: 0o755 });
    }
    const installed = `${folder}/home/deno`;
    await Deno.writeTextFile(installed, deno("2.9.6"), { mode: 0o755 });
    return machine;
  }

  async run(
    args: string[],
    env: Record<string, string> = {},
    script = `${this.root}/run`,
  ): Promise<Result> {
    const { code, stdout, stderr } = await new Deno.Command(script, {
      args,
      cwd: this.folder,
      clearEnv: true,
      env: {
        PATH: `${this.folder}/bin`,
        HOME: `${this.folder}/home`,
        XDG_RUNTIME_DIR: this.folder,
        ...env,
      },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  /** What the programs that log were called with, one call a line. */
  log(): Promise<string> {
    return Deno.readTextFile(`${this.folder}/home/log`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function which(name: string): Promise<string | undefined> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      return await Deno.realPath(`${folder}/${name}`);
    } catch {
      continue;
    }
  }
}

/** The script needs a POSIX system. */
function runTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: Deno.build.os === "windows", fn });
}

runTest("run hands an unknown command to deno, spaces kept", async () => {
  await using machine = await Machine.make({ deno: deno("2.9.0") });
  const { code, stdout, stderr } = await machine.run(["fmt", "a  b", "", "*"]);
  assertEquals([code, stdout, stderr], [0, "<fmt><a  b><><*>", ""]);
});

runTest("run finds its project through symbolic links", async () => {
  await using machine = await Machine.make({ deno: deno("2.10.1") });
  const link = `${machine.folder}/link`;
  await Deno.symlink("the project/run", link);
  const env = { ADAPTER: "true", ...NO_DRIVER };
  const { stdout } = await machine.run(["mnist", "--save", "a b"], env, link);
  const { root } = machine;
  assertEquals(
    stdout,
    `<run><-P><--config><${root}/deno.json><${root}/examples/mnist.ts>` +
      `<--save><a b>`,
  );
});

runTest("run data needs no driver", async () => {
  await using machine = await Machine.make({ deno: deno("2.9.6") });
  const { code, stdout } = await machine.run(["data", "list"], NO_DRIVER);
  const { root } = machine;
  assertEquals([code, stdout], [
    0,
    `<run><-P><--config><${root}/deno.json><${root}/tools/data.ts><list>`,
  ]);
});

runTest("run passes on the exit status", async () => {
  const failing = deno("2.9.6").replace("printf '<%s>' \"$@\"", "exit 7");
  await using machine = await Machine.make({ deno: failing });
  assertEquals((await machine.run(["lint"])).code, 7);
});

runTest("run makes a private XDG_RUNTIME_DIR where there is none", async () => {
  await using machine = await Machine.make({ deno: deno("2.9.6") });
  const given = await machine.run(["runtime"]);
  assertEquals(given.stdout.trim(), machine.folder);
  const made = await machine.run(["runtime"], { XDG_RUNTIME_DIR: "" });
  const { mode } = await Deno.stat(made.stdout.trim());
  assertEquals((mode ?? 0) & 0o777, 0o700);
});

runTest("run says what to type where it cannot install Deno", async () => {
  const machines: Programs[] = [
    {},
    { deno: deno("2.8.3") },
    { deno: deno("1.46.0") },
  ];
  for (const old of machines) {
    await using machine = await Machine.make(old);
    const { code, stderr } = await machine.run(["--version"]);
    assertEquals(code, 1);
    assertMatch(stderr, /^ {2}npm install --global deno$/m);
    assertMatch(stderr, /^Cannot install Deno. Install 2.9 or newer/m);
  }
});

runTest("run installs Deno with npm, once", async () => {
  await using machine = await Machine.make({ npm: NPM, deno: deno("2.8.3") });
  const first = await machine.run(["fmt"]);
  assertEquals([first.code, first.stdout], [0, "<fmt>"]);
  assertMatch(first.stderr, /installing Deno 2.9.6 into .kindling\/ with npm/);
  assertMatch(await machine.log(), /^npm install .* deno@2.9.6$/m);
  const second = await machine.run(["fmt"]);
  assertEquals([second.code, second.stdout, second.stderr], [0, "<fmt>", ""]);
});

runTest("run falls back to Deno's installer where npm fails", async () => {
  const programs = { npm: "#!/bin/sh\nexit 1\n", curl: CURL, unzip: LOG };
  await using machine = await Machine.make(programs);
  const { code, stdout, stderr } = await machine.run(["fmt"]);
  assertEquals([code, stdout], [0, "<fmt>"]);
  assertMatch(stderr, /npm could not install it/);
  assertMatch(await machine.log(), /^sh v2.9.6$/m);
});

runTest("run says what to type where no adapter answers", async () => {
  const sudo = "#!/bin/sh\nexit 1\n"; // asks for a password
  const programs = { deno: deno("2.9.6"), "apt-get": LOG, sudo };
  await using machine = await Machine.make(programs);
  const { code, stdout, stderr } = await machine.run(["mnist"], NO_DRIVER);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^ {2}sudo apt-get .* install mesa-vulkan-drivers$/m);

  const adapter = { ADAPTER: "true", ...NO_DRIVER };
  const other = await machine.run(["mnist"], adapter);
  assertEquals([other.code, other.stderr], [0, ""]);
});

runTest("run installs a driver as root, and with sudo", async () => {
  const sudo = '#!/bin/sh\n[ "$1" = -n ] && shift\n"$@"\n';
  const users: Programs[] = [{ id: id(0) }, { id: id(1000), sudo }];
  for (const user of users) {
    const programs = { deno: deno("2.9.6"), "apt-get": LOG, ...user };
    await using machine = await Machine.make(programs);
    const { code, stderr } = await machine.run(["mnist"], NO_DRIVER);
    assertEquals(code, 0);
    assertMatch(stderr, /Installing mesa-vulkan-drivers with apt-get/);
    const calls = (await machine.log()).trim().split("\n");
    assertMatch(calls[0] ?? "", /^apt-get update/);
    assertMatch(calls[1] ?? "", /^apt-get install .* mesa-vulkan-drivers$/);
  }
});

runTest("run links the stand-in where JSR does not answer", async () => {
  await using machine = await Machine.make({ deno: deno("2.9.6") });
  const { root } = machine;
  const env = { ADAPTER: "true", ...NO_DRIVER };
  const offline = await machine.run(["test", "a_test.ts"], env);
  const linked = `${root}/deno.offline.json`;
  assertEquals(offline.stdout, `<test><-P><--config><${linked}><a_test.ts>`);
  assertMatch(offline.stderr, /^JSR does not answer: [^\n]*\n$/);
  assertEquals(JSON.parse(await Deno.readTextFile(linked)), {
    links: ["./tests/std_assert"],
    name: "x",
  });

  await Deno.remove(linked);
  const online = await machine.run(["test", "a_test.ts"], { JSR: "0", ...env });
  assertEquals(
    online.stdout,
    `<test><-P><--config><${root}/deno.json><a_test.ts>`,
  );
  assertEquals(online.stderr, "");
});

runTest("run adds less than 0.2 s", async () => {
  await using machine = await Machine.make({ deno: deno("2.9.6") });
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    const { code } = await machine.run(["fmt"]);
    times.push(performance.now() - start);
    assert(code === 0);
  }
  assertLess(Math.min(...times), 200); // the best of five, for a busy machine
});
