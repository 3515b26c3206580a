// What a thread of the pool runs: one task that lives as long as the job. Inside a worker only.

import { expose } from 'comlink';
import type { WorkerTask } from '../engine/protocol/deployment.ts';
import { Worker } from './worker.ts';

export default function main({ port, module }: WorkerTask): Promise<void> {
  return new Promise((resolve) => {
    const worker = new Worker(module, () => {
      port.close();
      resolve();
    });
    // Comlink knows the port by its addEventListener; Node's ports must be started for it.
    expose(worker, port as unknown as Parameters<typeof expose>[1]);
    port.start();
  });
}
