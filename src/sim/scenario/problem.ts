/** Why something that a person gave cannot be used, as a value: where it stands, what is wrong, what to do. */
export interface Problem {
  /** `nodes`, `events[3].objects[0].name`, `cni flannel`. */
  readonly where: string;
  /** One sentence. */
  readonly what: string;
  /** One sentence: what would work. Empty when nobody can tell. */
  readonly hint: string;
}
