import { collect, job } from 'millrace';
import { textLines } from 'millrace/connectors/text';

export default job('read-lines', { params: { path: '' } }, (flow, { path }) => {
  flow.from(textLines(path)).to(collect('lines'));
});
