// The other side of the ping-pong: sends back what comes. On a thread of its own.

import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type PathKind, pathOf } from './paths.ts';

export type PongTask =
  | {
      readonly kind: PathKind;
      readonly rounds: number;
      readonly there: SharedArrayBuffer;
      readonly back: SharedArrayBuffer;
    }
  | { readonly kind: 'postMessage'; readonly rounds: number; readonly port: MessagePort };

function pong(task: PongTask): void {
  if (task.kind === 'postMessage') {
    const { port } = task;
    port.on('message', (value) => port.postMessage(value)); // Ends when the other side closes.
    parentPort!.postMessage('ready');
    return;
  }
  const { kind, rounds, there, back } = task;
  const inbound = pathOf(kind, there, 'receiver');
  const outbound = pathOf(kind, back, 'sender');
  parentPort!.postMessage('ready');
  for (let round = 0; round < rounds; round++) outbound.send(inbound.receive());
}

if (!isMainThread) pong(workerData as PongTask);
