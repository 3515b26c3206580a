import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { exploreInterleavings, InterleavingError } from './interleaving-explorer.ts';
import { type QueueClasses, ringScenarios } from './ring-interleavings.ts';

// The exploration is worth what it finds. Each mutant is the shipped source with one mistake, explored like the shipped classes.

const QUEUE_FOLDER = fileURLToPath(new URL('../../../engine/queue/', import.meta.url));

interface Mutant {
  mistake: string;
  file: string;
  /** Must occur exactly once: a mutant whose source has moved on fails instead of testing nothing. */
  source: string;
  replacement: string;
  scenario: string;
  kind: InterleavingError['kind'];
}

const TWO_FRAMES = 'two frames, published one by one, to a consumer that sleeps';
const FULL_RING = 'a full ring before which the producer sleeps';

const MUTANTS: Mutant[] = [
  {
    mistake: 'the tail is stored before the frame',
    file: 'ring-producer.ts',
    source: '    this.#writeHeader(position, FRAME_HEADER_BYTES + payloadBytes, type);\n',
    replacement: `    this.#memory.storeSeqCst(TAIL_WORD, (position + alignedFrameBytes(payloadBytes)) | 0);
    this.#writeHeader(position, FRAME_HEADER_BYTES + payloadBytes, type);\n`,
    scenario: TWO_FRAMES,
    kind: 'race',
  },
  {
    mistake: 'the tail is stored without an order',
    file: 'ring-producer.ts',
    source: '    this.#memory.storeSeqCst(TAIL_WORD, this.#tail);\n    this.#published = this.#tail;\n',
    replacement: '    this.#memory.storePlain(TAIL_WORD, this.#tail);\n    this.#published = this.#tail;\n',
    scenario: TWO_FRAMES,
    kind: 'race',
  },
  {
    mistake: 'the consumer is rung before the tail is stored',
    file: 'ring-producer.ts',
    source: '    this.#memory.storeSeqCst(TAIL_WORD, this.#tail);\n    this.#published = this.#tail;\n',
    replacement:
      '    this.#consumerDoorbell.ring();\n    this.#memory.storeSeqCst(TAIL_WORD, this.#tail);\n    this.#published = this.#tail;\n    return;\n',
    scenario: 'a question and its answer, over two rings: no later news makes up for a lost wake-up',
    kind: 'deadlock',
  },
  {
    mistake: 'the close is stored before the last frames',
    file: 'ring-producer.ts',
    source: '    this.#memory.storeSeqCst(TAIL_WORD, this.#tail | TAIL_CLOSED_BIT);\n',
    replacement: `    this.#memory.storeSeqCst(TAIL_WORD, this.#published | TAIL_CLOSED_BIT);
    this.#memory.storeSeqCst(TAIL_WORD, this.#tail | TAIL_CLOSED_BIT);\n`,
    scenario: 'the last frames arrive together with the close',
    kind: 'failed',
  },
  {
    mistake: 'a close does not ring the consumer',
    file: 'ring-producer.ts',
    source: 'TAIL_CLOSED_BIT);\n    this.#published = this.#tail;\n    this.#consumerDoorbell.ring();\n',
    replacement: 'TAIL_CLOSED_BIT);\n    this.#published = this.#tail;\n',
    scenario: 'close without any frame',
    kind: 'deadlock',
  },
  {
    mistake: 'a ring that lacks one frame is taken for one with room',
    file: 'ring-producer.ts',
    source: '+ bytes <= this.#capacityBytes;',
    replacement: '+ bytes <= this.#capacityBytes + 2048;',
    scenario: FULL_RING,
    kind: 'race',
  },
  {
    mistake: 'the producer sleeps with frames not published',
    file: 'ring-producer.ts',
    source: '    this.publish();\n    this.doorbell.prepareToPark();\n',
    replacement: '    this.doorbell.prepareToPark();\n',
    scenario: 'frames committed but not published when the ring is full',
    kind: 'deadlock',
  },
  {
    mistake: 'the producer does not look again before it sleeps',
    file: 'ring-producer.ts',
    source: 'const secondLook = this.claim(payloadBytes);',
    replacement: 'const secondLook = RING_FULL as number;',
    scenario: FULL_RING,
    kind: 'deadlock',
  },
  {
    mistake: 'the consumer does not look again before it sleeps',
    file: 'ring-consumer.ts',
    source: 'const secondLook = this.poll();',
    replacement: 'const secondLook = RING_EMPTY as number;',
    scenario: TWO_FRAMES,
    kind: 'deadlock',
  },
  {
    mistake: 'the consumer looks again, but before it announces its sleep',
    file: 'ring-consumer.ts',
    source: '    this.doorbell.prepareToPark();\n    const secondLook = this.poll();\n',
    replacement: '    const secondLook = this.poll();\n    this.doorbell.prepareToPark();\n',
    scenario: TWO_FRAMES,
    kind: 'deadlock',
  },
  {
    mistake: 'the consumer sleeps with frames not released',
    file: 'ring-consumer.ts',
    source: '    this.release();\n    this.doorbell.prepareToPark();\n',
    replacement: '    this.doorbell.prepareToPark();\n',
    scenario: 'a consumer that keeps frames until it must sleep',
    kind: 'deadlock',
  },
  {
    mistake: 'a frame is released while it is read',
    file: 'ring-consumer.ts',
    source: '    this.#frameType = type;\n',
    replacement: '    this.#frameType = type;\n    this.release();\n',
    scenario: FULL_RING,
    kind: 'race',
  },
  {
    mistake: 'the producer is rung before the head is stored',
    file: 'ring-consumer.ts',
    source:
      '    this.#memory.storeSeqCst(HEAD_WORD, this.#position);\n    this.#released = this.#position;\n    this.#producerDoorbell.ring();\n',
    replacement:
      '    this.#producerDoorbell.ring();\n    this.#memory.storeSeqCst(HEAD_WORD, this.#position);\n    this.#released = this.#position;\n',
    scenario: 'a consumer that keeps frames until it must sleep',
    kind: 'deadlock',
  },
  {
    mistake: 'a consumer that closes does not ring the producer',
    file: 'ring-consumer.ts',
    source: '    this.#memory.storeSeqCst(CONSUMER_CLOSED_WORD, 1);\n    this.#producerDoorbell.ring();\n',
    replacement: '    this.#memory.storeSeqCst(CONSUMER_CLOSED_WORD, 1);\n',
    scenario: 'a consumer that closes while the producer sleeps before a full ring',
    kind: 'deadlock',
  },
  {
    mistake: 'a ringer notifies without marking the sleeper awake',
    file: 'doorbell.ts',
    source: '    this.#memory.storeRelease(this.#word, AWAKE);\n    this.#memory.notify(this.#word);\n',
    replacement: '    this.#memory.notify(this.#word);\n',
    scenario: 'two ringers and a flag each: every ring is heard',
    kind: 'deadlock',
  },
  {
    mistake: 'a ringer marks the sleeper awake without notifying',
    file: 'doorbell.ts',
    source: '    this.#memory.notify(this.#word);\n',
    replacement: '',
    scenario: 'one doorbell for two rings: a worker sleeps once for both',
    kind: 'deadlock',
  },
];

describe('the exploration catches a ring in which', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-queue-mutants-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  MUTANTS.forEach(({ mistake, file, source, replacement, scenario, kind }, index) => {
    it(mistake, async () => {
      const mutantFolder = join(folder, `mutant-${index}`);
      cpSync(QUEUE_FOLDER, mutantFolder, { recursive: true });
      const parts = readFileSync(join(QUEUE_FOLDER, file), 'utf8').split(source);
      expect(parts, `the source of this mutant must occur once in ${file}`).toHaveLength(2);
      writeFileSync(join(mutantFolder, file), parts.join(replacement));
      const mutant = (await import(/* @vite-ignore */ join(mutantFolder, 'index.ts'))) as QueueClasses;
      let violation: unknown;
      try {
        exploreInterleavings(ringScenarios(mutant)[scenario]!());
      } catch (error) {
        violation = error;
      }
      expect(violation).toBeInstanceOf(InterleavingError);
      expect((violation as InterleavingError).kind).toBe(kind);
    });
  });
});
