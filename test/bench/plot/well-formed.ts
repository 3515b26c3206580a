// Reads XML as strictly as the plots need: elements must nest, attributes be quoted and single, text hold no bare & or <. Throws else.

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  /** Names of the elements around it, outermost first. */
  readonly path: readonly string[];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** All elements in the order in which they end. */
export function elementsOf(xml: string): Element[] {
  const elements: Element[] = [];
  const open: { name: string; attributes: Record<string, string>; text: string }[] = [];
  let rest = xml;
  const fail = (rule: string): never => {
    throw new SyntaxError(`${rule}: ${JSON.stringify(rest.slice(0, 60))}`);
  };
  while (rest.trim() !== '') {
    const text = /^[^<]+/.exec(rest)?.[0];
    const end = /^<\/([a-zA-Z]+)>/.exec(rest);
    const start = /^<([a-zA-Z]+)((?:\s+[a-zA-Z][\w:-]*="[^"<]*")*)\s*(\/?)>/.exec(rest);
    if (text !== undefined) {
      if (open.length === 0 && text.trim() !== '') fail('text outside of the root');
      if (open.length > 0) open.at(-1)!.text += decode(text);
      rest = rest.slice(text.length);
    } else if (end !== null) {
      if (open.at(-1)?.name !== end[1]) fail(`expected the end of ${open.at(-1)?.name}`);
      const { name, attributes, text } = open.pop()!;
      elements.push({ name, attributes, text, path: open.map((element) => element.name) });
      rest = rest.slice(end[0].length);
    } else if (start !== null) {
      if (open.length === 0 && elements.length > 0) fail('a second root');
      const attributes: Record<string, string> = {};
      for (const [, key, value] of start[2]!.matchAll(/([\w:-]+)="([^"]*)"/g)) {
        if (key! in attributes) fail(`attribute ${key} stands twice`);
        attributes[key!] = decode(value!);
      }
      if (start[3] === '/') elements.push({ name: start[1]!, attributes, text: '', path: open.map((o) => o.name) });
      else open.push({ name: start[1]!, attributes, text: '' });
      rest = rest.slice(start[0].length);
    } else fail('neither text nor a tag');
  }
  if (open.length > 0) fail(`${open.at(-1)!.name} does not end`);
  return elements;
}

function decode(text: string): string {
  return text.replace(/&([^;&]*;?)/g, (whole, reference: string) => {
    const value = reference.endsWith(';') ? ENTITIES[reference.slice(0, -1)] : undefined;
    if (value === undefined) throw new SyntaxError(`no reference that XML knows: ${whole}`);
    return value;
  });
}
