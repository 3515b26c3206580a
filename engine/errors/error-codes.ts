// Every error that Millrace raises has one of these codes, and no other. Any thread.
// Codes are part of the public surface: they are never renamed, and survive the trip between threads.

export const ERROR_CODES = [
  // What the user wrote
  'ERR_OPTION_INVALID', //        an option, or several, outside its rule
  'ERR_OPTION_UNKNOWN', //        an option name that does not exist
  'ERR_PARAM_INVALID', //         a job parameter unknown or of the wrong type
  'ERR_JOB_MODULE', //            the module cannot be loaded, or exports no job by default
  'ERR_JOB_GRAPH', //             the graph is not runnable: no source, a dangling branch, a field taken twice
  'ERR_JOB_DIFFERS', //           the job built another graph on another thread
  'ERR_SCHEMA', //                a declared schema is malformed
  // What the data did
  'ERR_RECORD_INVALID', //        a record does not fit its declared schema
  'ERR_RECORD_NOT_CLONEABLE', //  a field holds what cannot cross threads: a function, a symbol
  'ERR_RECORD_TOO_LARGE', //      one record needs a frame larger than its lane allows
  'ERR_MALFORMED_INPUT', //       a source met bytes that it cannot read as records
  // What went wrong while running
  'ERR_OPERATOR', //              a user's function threw or rejected
  'ERR_OPERATOR_TIMEOUT', //      an asynchronous operator did not settle in time
  'ERR_SOURCE', //                a source failed: no such file, a stream that threw
  'ERR_SINK', //                  a sink failed: disk full, a stream that closed
  'ERR_STAGE_STALLED', //         a stage has not returned for longer than stallTimeoutMs
  'ERR_WORKER_DIED', //           a thread ended before its job did
  'ERR_ABORTED', //               an AbortSignal, a second Ctrl-C, or stop({ drain: false })
  // What must not happen
  'ERR_CORRUPT_FRAME', //         a lane held bytes that no producer of ours writes
  'ERR_INTERNAL', //              an invariant of the engine is broken: please report it
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];
