/**
 * Writing a file so that whoever opens it finds the old one or the new one,
 * whole, whenever the program or the machine stops.
 *
 * The bytes go to a file of another name in the same folder, which takes the
 * place of the old one when they are on the disk. A program that is killed
 * meanwhile leaves that `.part` file behind.
 *
 * @module
 */

/**
 * Writes `pieces` to `path`, one after the other. Several writers of one path do not disturb each
 * other: the last to finish stays.
 *
 * @throws What Deno throws when a file can't be written
 */
export async function writeAtomically(
  path: string,
  ...pieces: readonly Uint8Array[]
): Promise<void> {
  const part = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  const file = await Deno.open(part, { write: true, createNew: true });
  try {
    try {
      for (const bytes of pieces) {
        for (let at = 0; at < bytes.length;) {
          at += await file.write(bytes.subarray(at));
        }
      }
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part).catch(() => {}); // the first error counts
    throw error;
  }
  await syncFolder(path);
}

// Makes the renaming itself last. Windows has no way to, and a program that may
// only write can't open folders.
async function syncFolder(path: string): Promise<void> {
  const folder = path.replace(/[^/\\]*$/, "") || ".";
  try {
    using opened = await Deno.open(folder);
    await opened.sync();
  } catch {
    return;
  }
}
