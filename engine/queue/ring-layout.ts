// Where everything lies in the SharedArrayBuffer of a ring, and nothing else. Any thread.
// This is the only file that knows offsets. All of them are computed from named sizes.
//
//   byte 0            128         256               384                512                 640        1024
//   +-----------------+-----------+-----------------+------------------+-------------------+----------+------------ - -
//   | TAIL            | HEAD      | CONSUMER_CLOSED | PRODUCER_DOORBELL| CONSUMER_DOORBELL | MAGIC    | data region
//   +-----------------+-----------+-----------------+------------------+-------------------+----------+------------ - -
//
//   word               written by                  read by                      order               cache line
//   TAIL               producer                    consumer, observers          seq-cst             own
//   HEAD               consumer                    producer, observers          seq-cst             own
//   CONSUMER_CLOSED    consumer, once              producer                     seq-cst             own: the producer asks
//                                                                                                   once a batch, at no miss
//   PRODUCER_DOORBELL  producer PARKED and AWAKE,  producer, consumer           seq-cst             own
//                      consumer AWAKE
//   CONSUMER_DOORBELL  consumer PARKED and AWAKE,  consumer, producer           seq-cst             own
//                      producer AWAKE
//   MAGIC              allocate, before sharing    both, once                   plain               own
//   data region        producer, beyond HEAD       consumer, from HEAD to TAIL  plain, ordered by   frames, 8-byte
//                                                                               TAIL and HEAD       aligned
//
// TAIL and HEAD are positions: byte counts that only grow, kept in an Int32 that wraps around. As frames are 8-byte aligned
// their three low bits are free; the lowest bit of TAIL says that the producer has closed, so the last frames and the news
// that they are the last arrive in one store.
//
// A frame, and the padding that fills the region's end when the next frame would wrap:
//
//   +----------------+---------------+--------------------------------+-----------+
//   | length i32     | type i32      | payload, length - 8 bytes      | to 8-byte |
//   | 8 + payload    | >= 0 the user | (padding: left as it is)       | boundary  |
//   |                | -1 padding    |                                |           |
//   +----------------+---------------+--------------------------------+-----------+

const WORD_BYTES = 4;

/** Two cache lines: the adjacent-line prefetcher of x86 moves lines in pairs. Sharing a pair was measured 2.5 times slower. */
export const WORD_DISTANCE_BYTES = 128;
const WORD_DISTANCE = WORD_DISTANCE_BYTES / WORD_BYTES;

export const TAIL_WORD: number = 0 * WORD_DISTANCE;
export const HEAD_WORD: number = 1 * WORD_DISTANCE;
export const CONSUMER_CLOSED_WORD: number = 2 * WORD_DISTANCE;
export const PRODUCER_DOORBELL_WORD: number = 3 * WORD_DISTANCE;
export const CONSUMER_DOORBELL_WORD: number = 4 * WORD_DISTANCE;
export const MAGIC_WORD: number = 5 * WORD_DISTANCE;

/** A power of two, so that data begins on a line of its own wherever the buffer begins. */
export const DATA_BYTE = 1024;
export const DATA_WORD: number = DATA_BYTE / WORD_BYTES;

/** `RING`, layout version 1. A buffer that was not made by `SpscRing.allocate` is refused, not misread. */
export const MAGIC = 0x52494e01;

/** The lowest bit of TAIL: nothing will follow. */
export const TAIL_CLOSED_BIT = 1;
/** What is left of TAIL is the position. */
export const POSITION_MASK: number = ~7;

export const FRAME_HEADER_BYTES = 8;
export const FRAME_ALIGNMENT_BYTES = 8;
/** Word of the type, counted from the word of the length. */
export const FRAME_TYPE_WORD = 1;
export const PADDING_TYPE = -1;

export const CAPACITY_BYTES_MIN: number = 4 * 1024;
/** Positions are Int32: the distance of two of them must stay exact and positive, with room to notice when it is not. */
export const CAPACITY_BYTES_MAX: number = 2 ** 30;
