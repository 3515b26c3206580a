// The job's clock as the actors of one worker read it. On a worker.
//
// Reading it costs 40 ns, and a number that a function returns costs a box: so the last reading stays at hand, and one reading between two steps
// serves both the actor that ends and the one that begins. Who sleeps, or lets the event loop go on, reads it again behind that.

export class StepClock {
  /** What the clock showed when it was read last, in ns since the job's zero. */
  lastNs = 0;
  readonly nowNs: () => number;

  constructor(nowNs: () => number) {
    this.nowNs = nowNs;
  }

  read(): void {
    this.lastNs = this.nowNs();
  }
}
