// The answer of every query but 12, in SQL over the tables person, auction and bid. Main thread, in DuckDB.
//
// Queries that are updating on an unbounded stream have their final answer here. What the workload leaves open is fixed so:
//
//   winning bid      of the bids for an auction from its dateTime to its expires, both included, the one of the highest price; of those the
//                    earliest; of those the one whose text comes first. An auction without such a bid has none, and is left out.
//   last ten (6)     of the auctions of a seller that have a winning bid, those that close last; of one millisecond, by auction id
//   sessions (11)    a bid 10 s after the one before, or later, begins a new session; a session ends 10 s after its last bid
//   windows          hold their start and not their end; they begin at multiples of their size (hopping: of 2 s) since 1970
//   latest bid (18)  of one millisecond, the one whose text comes last
//   ten highest (19) of one price the earlier bid, of one millisecond the one whose text comes first
//
// Text is ordered by its bytes. Times are milliseconds, days and minutes are UTC.

import type { Columns } from './answer-columns.ts';
import { EVENT_TABLES } from './event-tables.ts';

export interface ExpectedAnswer {
  /** The query in words. */
  readonly words: string;
  readonly columns: Columns;
  /** Gives the columns, in any order. */
  readonly sql: string;
}

const BID = EVENT_TABLES.bid;
const { channel: _channel, url: _url, ...PLAIN_BID } = BID;

const DAY = `strftime(make_timestamp_ms("dateTime"), '%Y-%m-%d')`;
const MINUTE = `strftime(make_timestamp_ms("dateTime"), '%H:%M')`;
const HOUR = `hour(make_timestamp_ms("dateTime"))`;
const EUROS = 'CAST(0.908 AS DOUBLE) * price';
const WINDOW_10_S = '"dateTime" - "dateTime" % 10000';

const WINNERS = `SELECT a.*, b.bidder, b.price, b.channel, b.url, b."dateTime" AS "bidDateTime", b.extra AS "bidExtra"
  FROM auction a JOIN bid b ON b.auction = a.id AND b."dateTime" BETWEEN a."dateTime" AND a.expires
  QUALIFY row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC, b."dateTime", b.extra) = 1`;

const BID_COUNTS = {
  totalBids: 'integer',
  rank1Bids: 'integer',
  rank2Bids: 'integer',
  rank3Bids: 'integer',
} as const;

const DISTINCT_COUNTS = {
  totalBidders: 'integer',
  rank1Bidders: 'integer',
  rank2Bidders: 'integer',
  rank3Bidders: 'integer',
  totalAuctions: 'integer',
  rank1Auctions: 'integer',
  rank2Auctions: 'integer',
  rank3Auctions: 'integer',
} as const;

/** `expression` over all bids and over those of each rank. */
function byRank(expression: string, name: string): string {
  return `${expression} AS "total${name}",
    ${expression} FILTER (price < 10000) AS "rank1${name}",
    ${expression} FILTER (price >= 10000 AND price < 1000000) AS "rank2${name}",
    ${expression} FILTER (price >= 1000000) AS "rank3${name}"`;
}

const RANKED_COUNTS = byRank('count(*)', 'Bids');
const RANKED_DISTINCT = `${byRank('count(DISTINCT bidder)', 'Bidders')}, ${byRank('count(DISTINCT auction)', 'Auctions')}`;

export const EXPECTED_ANSWERS: Readonly<Record<number, ExpectedAnswer>> = {
  0: { words: 'every bid, unchanged', columns: BID, sql: 'SELECT * FROM bid' },
  1: {
    words: 'every bid with price * 0.908',
    columns: { ...PLAIN_BID, price: 'double' },
    sql: `SELECT auction, bidder, ${EUROS} AS price, "dateTime", extra FROM bid`,
  },
  2: {
    words: 'auction and price of bids whose auction mod 123 = 0',
    columns: { auction: 'integer', price: 'integer' },
    sql: 'SELECT auction, price FROM bid WHERE auction % 123 = 0',
  },
  3: {
    words: 'name, city, state, auction id of auctions in category 10 whose seller lives in OR, ID or CA',
    columns: { name: 'text', city: 'text', state: 'text', auction: 'integer' },
    sql: `SELECT p.name, p.city, p.state, a.id AS auction FROM auction a JOIN person p ON a.seller = p.id
      WHERE a.category = 10 AND p.state IN ('OR', 'ID', 'CA')`,
  },
  4: {
    words: 'average over each category of the winning bid of its auctions',
    columns: { category: 'integer', avgPrice: 'mean' },
    sql: `SELECT category, avg(price) AS "avgPrice" FROM (${WINNERS}) GROUP BY category`,
  },
  5: {
    words: 'auctions with the most bids in each hopping window of 10 s by 2 s (ties: all of them)',
    columns: { windowStart: 'integer', windowEnd: 'integer', auction: 'integer', bids: 'integer' },
    sql: `SELECT *, "windowStart" + 10000 AS "windowEnd" FROM (
        SELECT "dateTime" - "dateTime" % 2000 - 2000 * hop AS "windowStart", auction, count(*) AS bids
        FROM bid, range(5) hops(hop) GROUP BY ALL
      ) QUALIFY rank() OVER (PARTITION BY "windowStart" ORDER BY bids DESC) = 1`,
  },
  6: {
    words: 'for each seller the mean winning price over its last 10 closed auctions',
    columns: { seller: 'integer', avgPrice: 'mean' },
    sql: `SELECT seller, avg(price) AS "avgPrice" FROM (
        SELECT * FROM (${WINNERS}) QUALIFY row_number() OVER (PARTITION BY seller ORDER BY expires DESC, id DESC) <= 10
      ) GROUP BY seller`,
  },
  7: {
    words: 'the bids with the highest price of each 10 s tumbling window',
    columns: { windowStart: 'integer', windowEnd: 'integer', ...PLAIN_BID },
    sql: `SELECT *, ${WINDOW_10_S} AS "windowStart", ${WINDOW_10_S} + 10000 AS "windowEnd" FROM bid
      QUALIFY rank() OVER (PARTITION BY ${WINDOW_10_S} ORDER BY price DESC) = 1`,
  },
  8: {
    words: 'persons who registered and opened an auction in the same 10 s tumbling window',
    columns: { id: 'integer', name: 'text', windowStart: 'integer', windowEnd: 'integer' },
    sql: `SELECT DISTINCT p.id, p.name, p."windowStart", p."windowStart" + 10000 AS "windowEnd"
      FROM (SELECT *, ${WINDOW_10_S} AS "windowStart" FROM person) p
      JOIN (SELECT *, ${WINDOW_10_S} AS "windowStart" FROM auction) a
      ON p.id = a.seller AND p."windowStart" = a."windowStart"`,
  },
  9: {
    words: "the winning bid of every auction with both records' fields; ties go to the earlier bid",
    columns: {
      ...EVENT_TABLES.auction,
      bidder: 'integer',
      price: 'integer',
      channel: 'text',
      url: 'text',
      bidDateTime: 'integer',
      bidExtra: 'text',
    },
    sql: WINNERS,
  },
  10: {
    words: 'every bid, written to files by date and minute',
    columns: { ...PLAIN_BID, date: 'text', minute: 'text' },
    sql: `SELECT *, ${DAY} AS date, ${MINUTE} AS minute FROM bid`,
  },
  11: {
    words: 'bids per bidder and session (gap 10 s) with session start and end',
    columns: { bidder: 'integer', bids: 'integer', sessionStart: 'integer', sessionEnd: 'integer' },
    sql: `SELECT bidder, count(*) AS bids, min("dateTime") AS "sessionStart", max("dateTime") + 10000 AS "sessionEnd" FROM (
        SELECT *, count(*) FILTER (begins) OVER (PARTITION BY bidder ORDER BY "dateTime" RANGE UNBOUNDED PRECEDING) AS session
        FROM (
          SELECT bidder, "dateTime",
            coalesce("dateTime" - lag("dateTime") OVER (PARTITION BY bidder ORDER BY "dateTime") >= 10000, true) AS begins
          FROM bid
        )
      ) GROUP BY bidder, session`,
  },
  13: {
    words: 'bids joined with a bounded side input of 10 000 rows on auction mod 10 000',
    columns: { auction: 'integer', bidder: 'integer', price: 'integer', dateTime: 'integer', value: 'text' },
    sql: `SELECT auction, bidder, price, "dateTime", side.value FROM bid
      JOIN (SELECT key, 'value-' || key AS value FROM range(10000) keys(key)) side ON bid.auction % 10000 = side.key`,
  },
  14: {
    words:
      "bids with 1 000 000 < 0.908 * price < 50 000 000: day / night / other by hour, and the number of 'c' in extra",
    columns: { ...PLAIN_BID, price: 'double', bidTimeType: 'text', cCount: 'integer' },
    sql: `SELECT auction, bidder, ${EUROS} AS price, "dateTime", extra,
        CASE WHEN ${HOUR} >= 8 AND ${HOUR} <= 18 THEN 'dayTime' WHEN ${HOUR} <= 6 OR ${HOUR} >= 20 THEN 'nightTime'
          ELSE 'otherTime' END AS "bidTimeType",
        length(extra) - length(replace(extra, 'c', '')) AS "cCount"
      FROM bid WHERE ${EUROS} > 1000000 AND ${EUROS} < 50000000`,
  },
  15: {
    words: 'per day: counts of bids, distinct bidders, distinct auctions, in total and by price rank',
    columns: { day: 'text', ...BID_COUNTS, ...DISTINCT_COUNTS },
    sql: `SELECT ${DAY} AS day, ${RANKED_COUNTS}, ${RANKED_DISTINCT} FROM bid GROUP BY 1`,
  },
  16: {
    words: 'as 15, per channel and day, with the latest minute seen',
    columns: { channel: 'text', day: 'text', minute: 'text', ...BID_COUNTS, ...DISTINCT_COUNTS },
    sql: `SELECT channel, ${DAY} AS day, max(${MINUTE}) AS minute, ${RANKED_COUNTS}, ${RANKED_DISTINCT} FROM bid GROUP BY 1, 2`,
  },
  17: {
    words: 'per auction and day: counts by price rank, min, max, mean and sum of price',
    columns: {
      auction: 'integer',
      day: 'text',
      ...BID_COUNTS,
      minPrice: 'integer',
      maxPrice: 'integer',
      avgPrice: 'mean',
      sumPrice: 'integer',
    },
    sql: `SELECT auction, ${DAY} AS day, ${RANKED_COUNTS}, min(price) AS "minPrice", max(price) AS "maxPrice",
        avg(price) AS "avgPrice", sum(price) AS "sumPrice" FROM bid GROUP BY 1, 2`,
  },
  18: {
    words: 'the latest bid of each (bidder, auction)',
    columns: BID,
    sql: `SELECT * FROM bid
      QUALIFY row_number() OVER (PARTITION BY bidder, auction ORDER BY "dateTime" DESC, extra DESC) = 1`,
  },
  19: {
    words: 'the ten highest-priced bids of each auction',
    columns: { ...BID, rank: 'integer' },
    sql: `SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC, "dateTime", extra) AS rank FROM bid
      QUALIFY rank <= 10`,
  },
  20: {
    words: 'bids joined with their auction, category 10 only',
    columns: {
      ...BID,
      itemName: 'text',
      description: 'text',
      initialBid: 'integer',
      reserve: 'integer',
      auctionDateTime: 'integer',
      expires: 'integer',
      seller: 'integer',
      category: 'integer',
      auctionExtra: 'text',
    },
    sql: `SELECT b.*, a."itemName", a.description, a."initialBid", a.reserve, a."dateTime" AS "auctionDateTime", a.expires,
        a.seller, a.category, a.extra AS "auctionExtra"
      FROM bid b JOIN auction a ON b.auction = a.id WHERE a.category = 10`,
  },
  21: {
    words:
      'bids with a channel id: 0 to 3 for the four hot channels, else what follows channel_id= in the url; the others drop',
    columns: { auction: 'integer', bidder: 'integer', price: 'integer', channel: 'text', channelId: 'text' },
    sql: `SELECT auction, bidder, price, channel,
        CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3'
          ELSE regexp_extract(url, '(&|^)channel_id=([^&]*)', 2) END AS "channelId"
      FROM bid
      WHERE lower(channel) IN ('apple', 'google', 'facebook', 'baidu') OR regexp_matches(url, '(&|^)channel_id=([^&]*)')`,
  },
  22: {
    words: 'bids with the 4th, 5th and 6th pieces of the url split at /',
    columns: {
      auction: 'integer',
      bidder: 'integer',
      price: 'integer',
      channel: 'text',
      dir1: 'text',
      dir2: 'text',
      dir3: 'text',
    },
    sql: `SELECT auction, bidder, price, channel, split_part(url, '/', 4) AS dir1, split_part(url, '/', 5) AS dir2,
        split_part(url, '/', 6) AS dir3 FROM bid`,
  },
};
