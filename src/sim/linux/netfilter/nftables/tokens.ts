/** Words of nft's language (src/scanner.l): quoted texts are one word, braces, commas and ends of statements stand alone. */

export interface Token {
  readonly text: string;
  /** From 1. */
  readonly line: number;
  /** It stood in quotes. */
  readonly quoted?: true;
}

/** A line break or `;`. */
export const END = ';';

const WORD = /"([^"]*)"|#[^\n]*|[{},;\n]|[^\s{},;"#]+/g;

export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (const [word, quoted] of text.matchAll(WORD)) {
    if (quoted !== undefined) tokens.push({ text: quoted, line, quoted: true });
    else if (!word.startsWith('#')) tokens.push({ text: word === '\n' ? END : word, line });
    if (word === '\n') line += 1;
  }
  return tokens;
}

/** Why a text cannot be read; it never leaves the parser, which turns it into a result. */
export class NftSyntax extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** Reads words one after the other. */
export class Words {
  private at = 0;
  private readonly tokens: readonly Token[];

  constructor(text: string) {
    this.tokens = tokensOf(text);
  }

  get isOver(): boolean {
    return this.at >= this.tokens.length;
  }

  /** The word that comes, unless it stands in quotes. */
  peek(ahead = 0): string | undefined {
    const token = this.tokens[this.at + ahead];
    return token?.quoted ? undefined : token?.text;
  }

  /** Any word but an end. */
  next(what: string): string {
    const token = this.tokens[this.at];
    if (token === undefined || (token.text === END && !token.quoted)) return this.fail(`${what} is missing`);
    this.at += 1;
    return token.text;
  }

  take(...words: readonly string[]): boolean {
    const held = words.every((word, i) => this.peek(i) === word);
    if (held) this.at += words.length;
    return held;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.take(word)) this.fail(`expected "${word}", found "${this.peek() ?? ''}"`);
  }

  skipEnds(): void {
    while (this.take(END));
  }

  number(what: string): number {
    const word = this.next(what);
    const value = Number(word);
    return Number.isInteger(value) && value >= 0 ? value : this.fail(`${what} "${word}" is not a number`);
  }

  fail(message: string): never {
    throw new NftSyntax(message, this.tokens[Math.min(this.at, this.tokens.length - 1)]?.line ?? 1);
  }
}
