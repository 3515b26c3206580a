// The events as files and as tables. Main thread.
//
// They are written by a plain loop over the generator: no worker, split or lane of the engine is between the events and the oracle.

import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { EventOptions } from '../events-source.ts';
import { EventGenerator } from '../generator/event-generator.ts';
import { isAuction, isPerson } from '../model.ts';
import { type Columns, columnDefinitions } from './answer-columns.ts';

const BATCH = 512;
const WRITE_CHARACTERS = 1 << 20;

export const EVENT_TABLES = {
  person: {
    id: 'integer',
    name: 'text',
    email: 'text',
    creditCard: 'text',
    city: 'text',
    state: 'text',
    dateTime: 'integer',
    extra: 'text',
  },
  auction: {
    id: 'integer',
    itemName: 'text',
    description: 'text',
    initialBid: 'integer',
    reserve: 'integer',
    dateTime: 'integer',
    expires: 'integer',
    seller: 'integer',
    category: 'integer',
    extra: 'text',
  },
  bid: {
    auction: 'integer',
    bidder: 'integer',
    price: 'integer',
    channel: 'text',
    url: 'text',
    dateTime: 'integer',
    extra: 'text',
  },
} as const satisfies Record<string, Columns>;

type Kind = keyof typeof EVENT_TABLES;

/** Writes person.ndjson, auction.ndjson and bid.ndjson into the folder, in the order of the stream. */
export function writeEvents(folder: string, options: EventOptions): void {
  mkdirSync(folder, { recursive: true });
  const files = new Map<Kind, { fd: number; text: string }>();
  for (const kind of Object.keys(EVENT_TABLES) as Kind[]) {
    files.set(kind, { fd: openSync(join(folder, `${kind}.ndjson`), 'w'), text: '' });
  }
  const generator = new EventGenerator(options, BATCH);
  try {
    for (let from = 0; from < options.events; from += BATCH) {
      for (const event of generator.events(from, Math.min(BATCH, options.events - from))) {
        const file = files.get(isPerson(event) ? 'person' : isAuction(event) ? 'auction' : 'bid')!;
        file.text += `${JSON.stringify(event)}\n`;
        if (file.text.length >= WRITE_CHARACTERS) writeOut(file);
      }
    }
    for (const file of files.values()) writeOut(file);
  } finally {
    for (const { fd } of files.values()) closeSync(fd);
  }
}

function writeOut(file: { readonly fd: number; text: string }): void {
  const bytes = Buffer.from(file.text);
  for (let at = 0; at < bytes.length; ) at += writeSync(file.fd, bytes, at);
  file.text = '';
}

/** Makes the tables person, auction and bid of what writeEvents() wrote, in place of those that may be there. */
export async function loadEvents(connection: DuckDBConnection, folder: string): Promise<void> {
  for (const [kind, columns] of Object.entries(EVENT_TABLES)) {
    await connection.run(`CREATE OR REPLACE TABLE ${kind} (${columnDefinitions(columns)})`);
    await connection.run(
      `INSERT INTO ${kind} SELECT * FROM read_json(?, format = 'newline_delimited', columns = {${columnDefinitions(columns, ': ')}})`,
      [join(folder, `${kind}.ndjson`)],
    );
  }
}
