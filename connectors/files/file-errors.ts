// Turns what the file system says into errors that name the file, the reason and the way out. Any thread.
// The system's own error stays as the cause.

import type { ErrorCode } from '../../engine/errors/error-codes.ts';
import { MillraceError, messageOf } from '../../engine/errors/millrace-error.ts';

const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'check the path: relative ones start at the working directory',
  EACCES: 'the process may not do that: check the owner and the mode of the file and of its folder',
  EPERM: 'the process may not do that: check the owner and the mode of the file and of its folder',
  ENOSPC: 'the disk is full: free some space, or write to another one',
  EDQUOT: 'the disk quota is used up: free some space, or write to another disk',
  EROFS: 'the file system is read-only: write somewhere else',
  EISDIR: 'a folder stands there: end an output path in `/` to write part files into it',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EMFILE: 'the process holds too many open files: raise `ulimit -n`, or run fewer workers',
  ENFILE: 'the system holds too many open files',
  EIO: 'the disk reported an error',
};

/** An ERR_SOURCE that names the file, what was tried, the errno and what to do. */
export function cannotRead(path: string, thrown: unknown): MillraceError {
  return fileError('ERR_SOURCE', 'read', path, thrown);
}

/** An ERR_SINK that names the file, what was tried, the errno and what to do. */
export function cannotWrite(path: string, thrown: unknown): MillraceError {
  return fileError('ERR_SINK', 'write', path, thrown);
}

function fileError(code: ErrorCode, action: string, path: string, thrown: unknown): MillraceError {
  if (thrown instanceof MillraceError) return thrown;
  const errno = (thrown as NodeJS.ErrnoException | undefined)?.code;
  const advice = errno === undefined ? undefined : ADVICE[errno];
  const reason =
    errno === undefined ? messageOf(thrown) : `${errno}${advice === undefined ? ` (${messageOf(thrown)})` : ''}`;
  return new MillraceError(code, `Cannot ${action} ${path}: ${reason}${advice === undefined ? '' : `: ${advice}`}`, {
    cause: thrown,
  });
}
