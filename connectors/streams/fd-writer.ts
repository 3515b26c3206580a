// Bytes into a file descriptor, whole, from any thread, without its event loop being blocked.
//
// fs.write runs in libuv's thread pool. A pipe that another part of the process has made non-blocking answers EAGAIN when its
// reader is slow; there is no way to be told when it has room again without owning it as a stream, so it is tried again by timer.

import { write } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const FIRST_RETRY_MS = 1;
const LAST_RETRY_MS = 16;

/** Resolves when all bytes are written. Rejects with the system's error, or the signal's reason when it is aborted while waiting. */
export async function writeWhole(fd: number, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  for (let offset = 0; offset < bytes.byteLength; ) {
    signal.throwIfAborted();
    const written = await writeSome(fd, bytes, offset);
    offset += written;
    if (written > 0) {
      retryMs = FIRST_RETRY_MS;
      continue;
    }
    await delay(retryMs, undefined, { signal });
    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
  }
}

/** How many bytes went; 0 when the descriptor takes none now. */
function writeSome(fd: number, bytes: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, offset, bytes.byteLength - offset, null, (error, written) => {
      if (error === null) resolve(written);
      else if (error.code === 'EAGAIN') resolve(0);
      else reject(error);
    });
  });
}
