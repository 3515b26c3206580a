// What every query's job takes and gives. Any thread.

import type { Flow, Sink, Stream } from 'millrace';
import { toNdjson } from 'millrace/connectors/ndjson';
import { blackHole } from 'millrace/connectors/streams';
import { DEFAULT_RATE, nexmarkEvents } from '../events-source.ts';
import { type Bid, isBid, type NexmarkEvent } from '../model.ts';

export const PARAMS = {
  events: 100_000,
  rate: DEFAULT_RATE,
  disorder: 1,
  seed: 1,
  /** The folder of the answer; empty: the answer is counted and dropped. */
  out: '',
};

export type QueryParams = typeof PARAMS;

export function bids(flow: Flow, params: Readonly<QueryParams>): Stream<Bid> {
  return events(flow, params).filter(isBid);
}

/** All events with the time at which each happened; the watermark follows 4 s behind. */
export function timedEvents(flow: Flow, params: Readonly<QueryParams>): Stream<NexmarkEvent> {
  return events(flow, params).eventTime(({ dateTime }) => dateTime, { outOfOrderMs: 4_000 });
}

export function timedBids(flow: Flow, params: Readonly<QueryParams>): Stream<Bid> {
  return timedEvents(flow, params).filter(isBid);
}

/** Each worker writes a part of its own. */
export function answer<T>({ out }: Readonly<QueryParams>): Sink<T> {
  return out === '' ? blackHole<T>() : toNdjson<T>(`${out}/`);
}

function events(flow: Flow, params: Readonly<QueryParams>): Stream<NexmarkEvent> {
  return flow.from(nexmarkEvents(params)).named('events');
}
