export { type SourceLike, toSource } from '../../connectors/memory/to-source.ts';
