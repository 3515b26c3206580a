// The three kinds of event. Plain data; integers are numbers, times are milliseconds since 1970, UTC.
//
// No event says of what kind it is: each kind has a field that the others have not, and the guards below look at that one.

export interface Person {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: number;
  readonly extra: string;
}

export interface Auction {
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly dateTime: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface Bid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly dateTime: number;
  readonly extra: string;
}

export type NexmarkEvent = Person | Auction | Bid;

export function isPerson(event: NexmarkEvent): event is Person {
  return (event as Person).email !== undefined;
}

export function isAuction(event: NexmarkEvent): event is Auction {
  return (event as Auction).seller !== undefined;
}

export function isBid(event: NexmarkEvent): event is Bid {
  return (event as Bid).bidder !== undefined;
}
