/** Keeps the first thing that is wrong with a line, so that readers can go on with a stand-in value and stay plain. */
export class Problems {
  #first: string | null = null;

  note(message: string): void {
    this.#first ??= message;
  }

  get first(): string | null {
    return this.#first;
  }
}
