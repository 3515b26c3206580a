// Everything outside itself that the command touches, in one place, so that tests can stand in for it.

import type { explain, run } from '../index.ts';
import type { SignalSource } from './interruption.ts';
import type { OutputStream } from './progress-view.ts';

export interface CommandContext {
  engine: { run: typeof run; explain: typeof explain };
  stdout: OutputStream;
  stderr: OutputStream;
  env: Readonly<Record<string, string | undefined>>;
  signals: SignalSource;
  /** Ends the process at once. */
  leave: (exitCode: number) => void;
  /** Of this process, all threads. */
  setV8Flag: (flag: string) => void;
  version: string;
}
